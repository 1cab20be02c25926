"""What the page of the installation gives people to copy: units, settings, alerts and the metrics that they ask for."""

import configparser
import re
from pathlib import Path

import pytest
from prometheus_client import Metric

from cardsvc.config import Settings
from cardsvc.service.management.measures import measures
from cardsvc.web.api.metrics import PROBLEMS, REQUESTS, SECONDS
from tests.docs.test_commands import DOCS, command_of
from tests.world import World

EXAMPLES = DOCS / "examples"
UNITS = sorted(EXAMPLES.glob("*.service"))
PAGE = (DOCS / "install.md").read_text("utf-8")
BLOCK = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_command_that_there_is(unit: Path) -> None:
    """With all it needs, and as an account that is not root."""
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign] # systemd's names have capitals
    parsed.read(unit, "utf-8")
    service = parsed["Service"]
    command, context, given = command_of(service["ExecStart"].removeprefix("/opt/cardsvc/.venv/bin/"))
    _values, rest, order = command.make_parser(context).parse_args(given)
    missing = [one for one in command.params if one.required and one not in order]
    assert rest == []
    assert [one.name for one in missing if f"`{one.envvar}`" not in PAGE] == []
    assert service["User"] == "cardsvc"
    assert f"examples/{unit.name}" in PAGE


def test_the_settings_of_the_page_exist() -> None:
    """Each variable of its file of settings."""
    (block,) = [
        block for block in re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) if block.startswith("CARDSVC_")
    ]
    assert {line.partition("=")[0].removeprefix("CARDSVC_").lower() for line in block.splitlines()} <= set(
        Settings.model_fields
    )


def test_page_and_alerts_name_the_metrics_that_the_service_tells(tmp_path: Path) -> None:
    """The page all of them; an alert none that there is not."""
    world = World(tmp_path / "city.db")
    city = {f"cardsvc_{measure.name}" for measure in measures(world.store, world.now)}
    world.close()
    counted: list[Metric] = [metric for kind in (REQUESTS, SECONDS, PROBLEMS) for metric in kind.collect()]
    told = city | {f"{metric.name}_total" if metric.type == "counter" else metric.name for metric in counted}
    rows = [line for line in PAGE.splitlines() if line.startswith("| `cardsvc_")]
    assert {name for row in rows for name in re.findall(r"`(cardsvc_\w+)`", row)} == told
    asked = set(re.findall(r"cardsvc_\w+", re.sub(r"#.*", "", (EXAMPLES / "alerts.yml").read_text("utf-8"))))
    assert {name.removesuffix("_bucket") for name in asked} <= told
