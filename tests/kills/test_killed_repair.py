"""SIGKILL to ``cardsvc card repair`` in the middle of its plan, the card staying in the real reader: the next one ends it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from cardsvc.cli.card.examine import examine
from cardsvc.keystore.sealed import SealedKeystore
from cardsvc.vcard import VirtualCard, bodies
from cardsvc.vcard.vpcd import VpcdSlot
from tests.diagnosis.patients import BUS, HOLDER, PURSE, flip, put
from tests.waiting import PATIENCE, until
from tests.world import DESK, World, balance_on, key_ring

PASSPHRASE = "for the kill test"
ROOT = Path(__file__).parent.parent.parent
BUSY = 9
"""Exit code of what an operation stands against."""
KILLED = -signal.SIGKILL


class Watched:
    """A card in the slot (vcard/vpcd.py, Insertable) that strikes at its N-th write, once: before its answer leaves."""

    def __init__(self, card: VirtualCard) -> None:
        self.card = card
        self.at, self.strike = 0, threading.Event()
        self.struck = threading.Event()

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def power_on(self) -> None:
        self.card.power_on()

    def power_off(self) -> None:
        self.card.power_off()

    def transmit(self, command: bytes) -> bytes:
        """As the card answers; whoever waits for the strike has acted when the answer leaves."""
        before = self.card.writes
        answer = self.card.transmit(command)
        if before < self.at <= self.card.writes:
            self.at = 0
            self.strike.set()
            self.struck.wait(PATIENCE)
        return answer


class Desk:
    """A city on SQLite with its sealed key store, a card in the real reader, and the command line in processes of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.world = World(folder / "city.db", now())
        SealedKeystore(folder / "keys", key_ring(), PASSPHRASE.encode(), 2**10).save(key_ring())
        (folder / "passphrase").write_text(PASSPHRASE)
        self._environment = {
            **os.environ,
            "CARDSVC_DATABASE_URL": f"sqlite:///{folder / 'city.db'}",
            "CARDSVC_KEYSTORE": str(folder / "keys"),
            "CARDSVC_PASSPHRASE_FILE": str(folder / "passphrase"),
            "CARDSVC_LANG": "en",
        }
        self.slot = VpcdSlot(port=port)

    def cli(self, *words: str) -> subprocess.Popen[str]:
        """A command, begun."""
        script = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", *words, "--reader", "00 00"]
        pipe = subprocess.PIPE
        return subprocess.Popen(script, env=self._environment, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)

    def told(self, *words: str) -> tuple[int, str]:
        """A command, ended: its code and what it said."""
        process = self.cli(*words)
        said, complained = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in complained
        return process.returncode, said + complained


@pytest.fixture
def desk(own_pcscd: int, tmp_path: Path) -> Iterator[Desk]:
    """One desk."""
    made = Desk(tmp_path, own_pcscd)
    yield made
    made.slot.remove()
    made.world.close()


@pytest.mark.parametrize("write", [1, 8])
def test_a_repair_that_is_killed_in_the_middle_is_done_again(desk: Desk, write: int) -> None:
    """Files of three applications are to be written; the process dies at the N-th write, and the next repair ends it."""
    card = desk.world.issue("fudan-fmcos2")
    desk.world.topup(card, 5000)
    desk.world.do(card, "open", application="bus", product="T")
    flip(card, PURSE, 0x0015, 20, 4)
    put(card, HOLDER, bodies.CONTENT + 2, b"9", file=0xEF06)
    put(card, BUS, bodies.CONTENT, b"\x00", file=0x0015)
    watched = Watched(card)
    watched.at = write
    desk.slot.insert(watched)
    repair = desk.cli("card", "repair")
    assert watched.strike.wait(PATIENCE)
    repair.kill()
    assert repair.wait(PATIENCE) == KILLED
    watched.struck.set()
    repair.communicate(timeout=PATIENCE)  # until its reader process, which waits for the card, has ended too
    code, said = desk.told("card", "repair")  # the same machine: the card is free at once
    assert (code, "Healthy after the repair" in said) == (0, True), said
    until(lambda: not card.powered)
    desk.slot.remove()
    number = desk.world.card_no_of(card)
    assert examine(desk.world.engine, DESK, card.channel)["findings"] == []
    assert balance_on(card)[0] == desk.world.purse_total(number) == 5000
