"""Broken and hostile cards (diagnosis/broken.py) on the desk's reader: the page says what each is, and offers what helps."""

import struct

import pytest
from playwright.sync_api import expect

from cardsvc.bootstrap import now
from cardsvc.diagnosis.table import table
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.staff.approvals import approve
from cardsvc.service.stock.use import give_card_up
from cardsvc.vcard import VirtualCard, bodies
from cardsvc.vcard.memory import Kind
from tests.diagnosis.broken import BROKEN, Answer
from tests.diagnosis.patients import PURSE, put
from tests.diagnosis.strangers import SAYS_NOT_FOUND
from tests.diagnosis.wild import WILD, contact
from tests.page.conftest import Desk, axe_finds

OURS = {"wrong-length": "芯片失灵", "yes-to-all": "应答混乱", "plain": "卡片内容被清空"}
NOBODYS = {
    "yes-to-all": "什么都答应的卡",
    "no-status-00": "不认标准命令的卡",
    "nothing-found": "非本市卡",
}
WILD_WORDS = {"bank-contact": "银行卡", "gsm-only": "手机卡", "all-by-get-response": "芯片不认得的城市卡"}


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


@pytest.mark.parametrize(("name", "word"), NOBODYS.items(), ids=NOBODYS)
def test_a_card_of_nobodys_is_told_as_what_it_is(desk: Desk, name: str, word: str) -> None:
    """A chip of no known family is asked which names it has, as the command line does. No job is offered."""
    desk.sign_in()
    desk.hall.slot.insert(Put(bytes.fromhex(contact("4A434F5099")), behaviour(name)))
    seen(desk, word)
    desk.picture(f"broken-unknown-{name}")


@pytest.mark.parametrize(("name", "word"), WILD_WORDS.items(), ids=WILD_WORDS)
def test_a_card_of_others_is_told_with_the_next_step(desk: Desk, name: str, word: str) -> None:
    """What the command line says of it (diagnosis/wild.py) stands on the page: whose it is, and what to do."""
    wild = next(one for one in WILD if one.name == name)
    card = wild.card()
    rule = next(rule for rule in table().finding if rule.code == wild.first)
    desk.sign_in()
    desk.hall.slot.insert(Put(card.atr, card.transmit))
    seen(desk, word)
    desk.sees(rule.next_zh)
    desk.sees(f"复位应答 {card.atr.hex().upper()}")
    desk.picture(f"stranger-{name}")


def seen(desk: Desk, word: str) -> None:
    """The word stands there, and no key begins a job that cannot be done."""
    desk.sees(word)
    for job in ("topup", "personalise", "open", "repair", "replace", "diagnose"):
        expect(desk.page.locator(f"#job-{job}")).to_have_count(0)


def test_a_suspicious_card_is_retired_by_keys_and_two_people(desk: Desk) -> None:
    """More money than the books know: what will happen stands on the form; the card is listed at once, and ends by the
    supervisor's word. Until then the page says that it waits."""
    world = desk.world
    card = world.issue("fudan-fmcos2")
    world.topup(card, 5000)
    put(card, PURSE, bodies.BALANCE, struct.pack(">I", 99900), kind=Kind.PURSE)
    desk.sign_in()
    desk.hall.slot.insert(card)
    desk.sees("可疑余额")
    desk.press("z")
    desk.sees("账上余额 50.00 元")
    desk.picture("retire-form")
    assert not axe_finds(desk.page)
    desk.type("说在路边摊充的值")
    desk.press("Enter")
    desk.sees("停用可疑卡")
    desk.sees("可疑余额")
    desk.picture("retire-waits")
    desk.press("w")
    desk.sees("等第二人复核")
    desk.page.goto(f"{desk.hall.url}/desk/cards/3100010100000001")
    desk.sees("在黑名单上")
    desk.sees("提请移出")
    desk.picture("retire-card")
    with world.store.read() as uow:
        chief = uow.staff.get("chief")
        (waits,) = uow.approvals.of_subject("3100010100000001")
    assert chief is not None
    approve(world.store, APPROVALS, waits.approval_id, by=chief, now=now())
    desk.page.goto(f"{desk.hall.url}/desk/replacements/3100010100000001")
    desk.sees("可疑卡停用")
    desk.picture("retire-replacement")


def test_a_blank_that_takes_nothing_is_settled_and_not_tried_for_ever(desk: Desk) -> None:
    """Tried once at this desk; the page says what settles its number, and that done, that it is a void one."""
    blank = VirtualCard.blank("fudan-fmcos2", seed=3)
    world = desk.world
    desk.sign_in()
    desk.hall.slot.insert(Put(blank.atr, lambda _command: SAYS_NOT_FOUND))
    desk.make_for_somebody_new(3)
    desk.sees("没有办成")
    desk.press("Enter")
    desk.sees("白卡写不进")
    desk.sees("作废这个卡号")
    desk.picture("blank-refuses")
    with world.store.read() as uow:
        clerk = uow.staff.get("clerk")
    assert clerk is not None
    give_card_up(world.store, world.card_no_of(blank), "写不进", by=clerk, now=now())
    desk.hall.slot.insert(Put(blank.atr, lambda _command: SAYS_NOT_FOUND))
    desk.sees("废卡")
    desk.sees("换一张白卡")
    desk.picture("blank-void")
    expect(desk.page.locator("#job-personalise")).to_have_count(0)
