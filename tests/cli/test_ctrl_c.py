"""Ctrl-C while a card is being written: told as what it is, and the same card settles it at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_cli import as_json, run
from tests.cli.test_words_cli import card_with_money
from tests.waiting import PATIENCE

PRESSED = """
import signal
from cardsvc.cli.main import main
from cardsvc.vcard import VirtualCard

carried_out = VirtualCard.transmit

def transmit(card, command):
    answer = carried_out(card, command)
    if command[:2] == bytes.fromhex("{header}"):
        signal.raise_signal(signal.SIGINT)
    return answer

VirtualCard.transmit = transmit
signal.signal(signal.SIGINT, signal.default_int_handler)  # as at a terminal: what runs in the background ignores it
main()
"""
"""The program, with a hand on the keyboard right after the card carried a command out."""


@pytest.mark.parametrize(("header", "settled"), [("8050", []), ("8052", ["confirmed"])], ids=["before", "after"])
def test_it_is_not_cancelled_and_the_card_is_free_again(
    home: dict[str, str], tmp_path: Path, header: str, settled: list[str]
) -> None:
    """It was told as "cancelled", also when the card had the money, and the card counted as busy for a minute."""
    run(home, "keys", "init")
    card_no, file = card_with_money(home, tmp_path)
    command = [sys.executable, "-c", PRESSED.format(header=header), "card", "topup", "50", "--vcard", file]
    broken = subprocess.run(command, env=home, capture_output=True, text=True, timeout=PATIENCE, check=False)
    lines = broken.stderr.strip().splitlines()
    assert (broken.returncode, lines[0].split(":")[0], lines[1]) == (75, "Error interrupted", "Outcome: unknown")
    done = as_json(home, "card", "topup", "50", "--vcard", file)
    assert [one["state"] for one in done["settled"]] == settled
    assert done["balance"] == 15000 + 5000 * len(settled)
    purse = as_json(home, "db", "balance")["accounts"][f"purse:{card_no}:purse:ep"]
    assert purse == -done["balance"]
