"""The examples in the API document are recorded from the service: made anew with CARDSVC_WRITE_DOCS=1, else compared."""

import json
import os
from typing import Any

import jsonschema_rs
import pytest
import requests

from cardsvc.bootstrap import now
from cardsvc.web.api.document import EXAMPLES, with_examples
from tests.docs.recording import Recording, recorded
from tests.serving import serving
from tests.waiting import PATIENCE
from tests.world import World


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The API document as it is served."""
    with serving(World(tmp_path_factory.mktemp("spec") / "city.db", now())) as served:
        document: dict[str, Any] = requests.get(f"{served.url}/openapi.json", timeout=PATIENCE).json()
    return document


@pytest.fixture(scope="module")
def day(spec: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """What the service answers today."""
    routes = [(method.upper(), path) for path, item in spec["paths"].items() for method in item]
    found = recorded(tmp_path_factory.mktemp("day"), routes)
    if os.environ.get("CARDSVC_WRITE_DOCS"):
        EXAMPLES.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return found


def shape(value: Any) -> Any:
    """Keys and kinds of a value, without what is different each time."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in sorted(value.items())}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return type(value).__name__


def test_the_examples_are_what_the_service_does(day: Recording) -> None:
    """Every field that is sent and answered today stands in the file, and no other."""
    kept: Recording = json.loads(EXAMPLES.read_text("utf-8"))
    assert shape(kept) == shape(day)
    assert [(route, one["status"]) for route in kept for one in kept[route]] == [
        (route, one["status"]) for route in day for one in day[route]
    ]


def test_every_route_has_an_example_that_fits_its_schema(spec: dict[str, Any]) -> None:
    """What is asked, and what is answered when it goes well; refusals where the day had some."""
    checked = 0
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if "requestBody" in operation:
                checked += _fits(spec, operation["requestBody"]["content"]["application/json"], (method, path))
            good = next(code for code in operation["responses"] if code.startswith("2"))
            for media in operation["responses"][good]["content"].values():
                if "binary" not in str(media["schema"]):
                    checked += _fits(spec, media, (method, path))
    assert checked >= len(spec["paths"])


def _fits(spec: dict[str, Any], media: dict[str, Any], where: tuple[str, str]) -> int:
    assert media.get("examples"), where
    schema = {**media["schema"], "components": spec["components"]}
    for example in media["examples"].values():
        jsonschema_rs.validate(schema, example["value"])
    return len(media["examples"])


def test_an_unknown_route_in_the_examples_is_an_error() -> None:
    """A route that was renamed does not leave its example behind unseen."""
    with pytest.raises(KeyError):
        with_examples({"paths": {}})
