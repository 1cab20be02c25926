"""What the desk's page says of cards with a known fault of their firmware, and of cards of others."""

import re
import uuid

from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.desk.workstations import begin, report
from cardsvc.service.staff.approvals import reject
from cardsvc.vcard import Fault, VirtualCard, inflict
from cardsvc.vcard.session import KeyKind
from tests.desk.busy import Counter
from tests.diagnosis.patients import PURSE, change_key
from tests.web.clerk import Clerk
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


def diagnosed(office: Office, card: VirtualCard) -> str:
    """The page of a full diagnosis of this card, without its tags."""
    world, clerk, contact = office.world, office.people["clerk"], str(uuid.uuid4())
    report(world.engine, "ws-1", "session-2", [{"name": "R", "atr": card.atr.hex(), "contact": contact}], new=True)
    reply = begin(world.engine, "ws-1", contact, "diagnose", {}, by=clerk, idempotency_key=str(uuid.uuid4()))
    Counter(world, "ws-1", clerk).finish(card, reply)
    return office.page("clerk", "ws-1").text(f"/operations/{reply.id}")


def test_the_headline_of_a_report_is_what_was_found(office: Office) -> None:
    """Not that the diagnosis ran to its end; the paper says whose card it is, as far as paper may, when, where and by whom."""
    card = office.world.issue("fudan-fmcos2")
    well = diagnosed(office, card)
    assert "✓ 卡片正常" in well
    inflict(card, [Fault.parse("wrong-balance:12345")])
    ill = diagnosed(office, card)
    assert "⚠ 可疑余额" in ill
    for told in (well, ill):
        assert "办好了" not in told
        assert re.search(r"持卡人 测\*\* 330\*{13}[0-9X]{2} 检测时间 2", told)
        assert re.search(rf"网点 \S+ 经办 {office.people['clerk'].name} ", told)
        assert "测试一" not in told
    assert office.world.card_no_of(card)[-4:] in ill


def test_a_suspicious_card_is_retired_before_anything_is_written_to_it(office: Office) -> None:
    """No money goes onto it or off it by a slip of a key; when the supervisor did not agree, it is a card like others."""
    world, clerk = office.world, Clerk(office)
    card = world.issue("fudan-fmcos2")
    inflict(card, [Fault.parse("wrong-balance:12345")])
    clerk.put(card)
    assert "待领取：发放" not in clerk.html
    clerk.sees("可疑余额", "充值 卡可疑，不能再写：先停用可疑卡")
    assert jobs_on(clerk) == {"retire", "identity", "diagnose"}
    clerk.follow("停用可疑卡")
    clerk.send("列入黑名单", note="路边摊充的值")
    clerk.work_place()
    clerk.sees("充值 已列入黑名单，等第二人复核")
    assert jobs_on(clerk) == {"identity", "diagnose"}
    with world.store.read() as uow:
        (asked,) = uow.approvals.of_subject(world.card_no_of(card))
    reject(world.store, APPROVALS, asked.approval_id, "对过账", by=office.people["chief"], now=world.now)
    clerk.work_place()
    assert jobs_on(clerk) >= {"retire", "topup", "refund", "open", "replace"}


def jobs_on(clerk: Clerk) -> set[str]:
    """What can be begun from the work place."""
    return set(re.findall(r'id="job-(\w+)"', clerk.html))


def test_a_card_of_others_has_no_holder_on_paper(office: Office) -> None:
    """Who it belongs to is not ours to know."""
    told = diagnosed(office, VirtualCard.blank("t-union", seed=5))
    assert "⚠ 非本市卡" in told
    assert "330" not in told
