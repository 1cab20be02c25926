"""The TLS client certificate of a request: from the connection itself, or from the one proxy that is trusted to tell it."""

import hashlib
import ssl
from typing import Any
from urllib.parse import unquote

from flask import Request

HEADER = "X-Client-Cert"
"""What nginx fills from $ssl_client_escaped_cert: the certificate in PEM, percent-encoded."""


def peer_certificate(request: Request, proxy: str | None) -> str | None:
    """SHA-256 of the client's certificate, hex; None when it came without one.

    The header counts only from the proxy's own address: from anybody else it is what a caller likes to say.
    """
    if proxy is not None and request.remote_addr == proxy:
        return _fingerprint_of_pem(unquote(request.headers.get(HEADER, "")))
    connection: Any = request.environ.get("gunicorn.socket")
    if not isinstance(connection, ssl.SSLSocket):
        return None
    shown = connection.getpeercert(binary_form=True)
    return hashlib.sha256(shown).hexdigest() if shown else None


def _fingerprint_of_pem(pem: str) -> str | None:
    try:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    except ValueError:
        return None
