"""The demo on any day of the year."""

import datetime as dt
from functools import partial
from pathlib import Path

import pytest

from cardsvc.cli.practice.demo import where_sold
from cardsvc.readers.carry import CarriedOut, carry_out
from tests.serving import serving
from tests.world import FAMILIES, World

NOBODY_BUYS_A_PARK_PASS = dt.datetime(2027, 11, 5, 4, 0, tzinfo=dt.UTC)


def test_the_weeks_without_park_passes_are_told_and_the_demo_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sold from 15 November to 31 October; every other refusal still ends it."""
    world = World(tmp_path / "city.db", NOBODY_BUYS_A_PARK_PASS)
    channel = world.issue(FAMILIES[0]).channel()
    with serving(world, clock=lambda: world.now) as served:
        begin = partial(carry_out, served.desk, channel, "open")
        where_sold(partial(begin, {"application": "park", "product": "1"}, idempotency_key="the first key of all"))
        assert "11-15" in capsys.readouterr().out
        with pytest.raises(CarriedOut, match="rule_age"):
            where_sold(partial(begin, {"application": "bus", "product": "C"}, idempotency_key="the next key of all"))
    channel.close()
