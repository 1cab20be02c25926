"""The form of a top-up says what each area takes now, by the rules that will decide."""

import uuid

from cardsvc.service.desk.workstations import begin
from cardsvc.service.people.register import register_citizen
from cardsvc.vcard import VirtualCard
from tests.desk.busy import Counter
from tests.web.clerk import Clerk
from tests.web.desk_office import Office
from tests.world import DESK, person


def test_each_area_says_what_it_takes_month_by_month(office: Office) -> None:
    """Purse of 300 with room for 700; this month's ticket was begun, so 5 more will do; next month's begins with 50."""
    world, contact = office.world, str(uuid.uuid4())
    counter, card = Counter(world, "ws-1", office.people["clerk"]), world.issue("fudan-fmcos2")
    world.do(card, "open", application="bus", product="T")
    world.topup(card, 30000, DESK)
    cash = {"method": "cash", "reference": None}
    world.do(card, "topup", amount=5000, payment=cash, product="T", area="month")
    counter.sees(card, contact)
    for kind, params in (("inspect", {}), ("diagnose", {"quick": True})):
        key = str(uuid.uuid4())
        counter.finish(card, begin(world.engine, "ws-1", contact, kind, params, by=counter.clerk, idempotency_key=key))
    told = office.page("clerk", "ws-1").text(f"/jobs/topup?contact={contact}")
    assert "城市通钱包（50.00 至 700.00 元）" in told
    assert "5.00 至 450.00 元，以 5.00 元递增；" in told
    assert "50.00 至 500.00 元，以 5.00 元递增）" in told


def test_the_months_of_a_term_are_told_as_people_say_them(office: Office) -> None:
    """In the form, in the result, and on the card that comes again."""
    world, clerk = office.world, Clerk(office)
    born = person(2).model_copy(update={"birth_date": world.now.date().replace(year=world.now.year - 12, day=1)})
    card = VirtualCard.blank("fudan-fmcos2", seed=2)
    world.do(card, "personalise", citizen_id=register_citizen(world.store, born, world.now).citizen_id)
    world.do(card, "open", application="bus", product="B", holder="student")
    clerk.put(card)
    clerk.follow("充值")
    clerk.sees("B 学期票（2026-09 至 2027-01（还有 ", "150.00 至 900.00 元，以 3.00 元递增）")
    clerk.send("收款并写卡", choice="B:term", amount="150")
    clerk.sees("月份 2026-09 至 2027-01")
    clerk.work_place()
    clerk.sees("B 学期票 2026-09 至 2027-01 150.00 元")
    clerk.follow("退款")
    clerk.sees("B 学期票 2026-09 至 2027-01 150.00 元")


def test_a_payment_that_is_not_in_cash_asks_for_its_reference(office: Office) -> None:
    """In the clerk's words, wherever something is paid; what cannot be one is none. Nothing is begun."""
    clerk = Clerk(office)
    card = office.world.issue("fudan-fmcos2")
    clerk.put(card)
    paid = {"contact": "contact-1", "key": str(uuid.uuid4()), "choice": "citizen:purse", "amount": "50", "product": "library"}
    for path in ("/jobs/topup", f"/cards/{office.world.card_no_of(card)}/deposit-take"):
        for reference in ("", "小票 7"):
            answer = clerk.page.post(path, **paid, method="mobile", reference=reference)
            assert (answer.status_code, "payment_reference_needed" in answer.text) == (422, True)
            assert "现金以外的付款要填付款凭证号" in answer.text
    assert office.world.balances() == {}
