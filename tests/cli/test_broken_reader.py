"""Broken and hostile cards in the reader of the real pcscd: what the commands of a desk say of each.

All of them, without a reader: diagnosis/test_broken.py."""

import json

import pytest

from cardsvc.readers.directory import wait_for_card
from tests.cli.conftest import environment
from tests.cli.test_cli import run
from tests.diagnosis.broken import BROKEN, Broken, in_reader
from tests.diagnosis.wild import contact
from tests.waiting import PATIENCE, until

ATR = bytes.fromhex(contact("4A434F5099"))
"""T=0: pcscd sends a command with data both ways without Le, and GET RESPONSE is the host's business."""
CHOSEN = (
    "nothing-found",
    "wrong-length",
    "yes-to-all",
    "third-try",
    "stale",
    "shorter-than-le",
    "no-status-00",
    "byte-by-byte",
)
SLOT = ("--reader", "00 00$", "--wait", "120")
ENGLISH = {
    "card_unknown_family": "not a card of this city",
    "stranger_deaf": "card that knows no standard command",
    "stranger_agreeing": "card that agrees to everything",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One desk for all cards: none of them is in its books."""
    home = environment(tmp_path_factory.mktemp("desk"))
    run(home, "keys", "init")
    run(home, "db", "upgrade")
    return home


@pytest.mark.parametrize("broken", [one for one in BROKEN if one.name in CHOSEN], ids=lambda one: one.name)
def test_every_command_says_what_it_is_or_refuses(own_pcscd: int, desk: dict[str, str], broken: Broken) -> None:
    """Full run, quick look, learning, personalisation; the card hears nothing but SELECT and what reads."""
    with in_reader(ATR, broken.behaviour(), own_pcscd) as asked:
        until(lambda: wait_for_card("00 00$", PATIENCE).atr == ATR)
        for quick in ((), ("--quick",)):
            told = run(desk, "card", "diagnose", *quick, *SLOT, code=1).stdout
            assert ENGLISH[broken.unknown] in told
        report = json.loads(run(desk, "card", "diagnose", "--json", *SLOT, code=1).stdout)
        assert report["evidence"]["reader.failures"] == 0
        assert 'id = "odd"' in run(desk, "card", "learn", "odd", *SLOT).stdout
        refused = run(desk, "card", "personalise", "--citizen", "0" * 36, *SLOT, code=6)
        assert "card_family_unknown" in refused.stderr
    assert {command[1] for command in asked} <= {0xA4, 0xB0, 0xB2, 0xC0, 0x5C}
