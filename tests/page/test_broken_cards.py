"""Broken and hostile cards (diagnosis/broken.py) on the desk's reader: the page says what each is, and offers what helps."""

import pytest
from playwright.sync_api import expect

from tests.diagnosis.broken import BROKEN, Answer
from tests.diagnosis.wild import contact
from tests.page.conftest import Desk

OURS = {"wrong-length": "芯片失灵", "yes-to-all": "应答混乱", "plain": "卡片内容被清空"}
NOBODYS = ("yes-to-all", "no-status-00", "stale")


class Put:
    """A card in the slot (vcard/vpcd.py, Insertable) that answers so."""

    def __init__(self, atr: bytes, answer: Answer) -> None:
        self.atr, self._answer = atr, answer

    def power_on(self) -> None:
        """It forgets nothing."""

    def power_off(self) -> None:
        """It forgets nothing."""

    def transmit(self, command: bytes) -> bytes:
        """What the behaviour says."""
        return self._answer(command)


def behaviour(name: str) -> Answer:
    """One of the broken cards."""
    return next(broken for broken in BROKEN if broken.name == name).behaviour()


@pytest.mark.parametrize(("name", "word"), OURS.items(), ids=OURS)
def test_a_card_of_ours_that_broke_is_replaced_and_not_sent_away(desk: Desk, name: str, word: str) -> None:
    """The books know its chip: whose it is stands there, and the job that helps has its key; none that writes to it has."""
    card = desk.world.issue("fudan-fmcos2")
    desk.world.topup(card, 5000)
    desk.sign_in()
    desk.hall.slot.insert(Put(card.atr, behaviour(name)))
    desk.sees(word)
    desk.sees("X 补换卡")
    desk.picture(f"broken-{name}")
    for job in ("topup", "personalise", "open", "repair"):
        expect(desk.page.locator(f"#job-{job}")).to_have_count(0)


@pytest.mark.parametrize("name", NOBODYS)
def test_a_card_of_nobodys_is_told_as_that(desk: Desk, name: str) -> None:
    """By its ATR: the page asks a chip of no known family nothing. No job but another test is offered."""
    desk.sign_in()
    desk.hall.slot.insert(Put(bytes.fromhex(contact("4A434F5099")), behaviour(name)))
    desk.sees("非本市卡")
    desk.picture(f"broken-unknown-{name}")
    for job in ("topup", "personalise", "open", "repair", "replace"):
        expect(desk.page.locator(f"#job-{job}")).to_have_count(0)
