"""The API document against the service: whatever is sent, no 5xx, no undocumented answer."""

import uuid
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from requests.auth import AuthBase

from cardsvc.bootstrap import now
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex, sign
from tests.examples import examples
from tests.serving import Served


class Signer(AuthBase):
    """Signs what schemathesis made up, where it can be signed at all."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._office = Ed25519PrivateKey.generate()
        register_terminal(served.world.store, "finance", "", "310000000022", public_hex(self._office), "office", now())

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign in place, as who may call: a payment channel for orders, an office for reports, a desk for the rest."""
        url = request.url or ""
        key, party = (self._served.channel_key, "app") if "/orders" in url else (self._served.desk_key, "desk-1")
        if "/reports" in url or (url.partition("?")[0].endswith("/shifts") and request.method == "GET"):
            key, party = self._office, "finance"
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        try:
            sign(request, body, key, party, str(uuid.uuid4()), self._served.world.now)
        except Exception:
            request.headers.pop("Signature", None)
        return request


@pytest.mark.hypothesis
def test_no_request_breaks_the_service(served: Served) -> None:
    """Every address, every method, bodies as the document allows them."""
    import schemathesis  # here: it loads for a second, and every test process loads every test
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    wanted = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    document = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    session = requests.Session()
    session.auth = Signer(served)
    probed = 0
    for found in document.get_all_operations():

        @examples(15)
        @given(case=found.ok().as_strategy())
        def probe(case: Any) -> None:
            nonlocal probed
            probed += 1
            response = case.call(base_url=served.url, session=session)
            case.validate_response(response, checks=wanted)

        probe()
    session.close()
    assert probed > 200
