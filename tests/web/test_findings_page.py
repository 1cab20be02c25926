"""What the desk's page says of cards with a known fault of their firmware, and of cards of others."""

import uuid

from cardsvc.service.desk.workstations import begin, report
from cardsvc.vcard.session import KeyKind
from tests.desk.busy import Counter
from tests.diagnosis.patients import PURSE, change_key
from tests.web.desk_office import Office


def test_the_page_shows_the_fault_and_its_cure(office: Office) -> None:
    """In place of a suspicion of fraud, which such a card would raise without it."""
    world, clerk, contact = office.world, office.people["clerk"], str(uuid.uuid4())
    card = world.issue("fudan-fmcos2")
    change_key(card, PURSE, KeyKind.LOAD, 7, b"\x03")
    reader = {"name": "R", "atr": card.atr.hex(), "contact": contact}
    report(world.engine, "ws-1", "session-2", [reader], new=True)
    reply = begin(world.engine, "ws-1", contact, "diagnose", {}, by=clerk, idempotency_key=str(uuid.uuid4()))
    Counter(world, "ws-1", clerk).finish(card, reply)
    told = office.page("clerk", "ws-1").text("/")
    assert "芯片固件缺陷" in told
    assert "密钥记录的算法标识只写 00 或 01" in told
    assert "FM1208 seen in 2017" in told
    assert "疑似复制卡" not in told
    assert "密钥验证不通过" not in told


def test_the_page_says_what_a_card_of_others_is(office: Office) -> None:
    """By its ATR alone: such a card is asked nothing."""
    reader = {"name": "R", "atr": "3B8F8001804F0CA0000003060300020000000069", "contact": str(uuid.uuid4())}
    report(office.world.engine, "ws-1", "session-1", [reader], new=True)
    told = office.page("clerk", "ws-1").text("/")
    assert "门禁、校园等存储卡" in told
    assert "请持卡人到发卡单位办理" in told
