"""The form of a top-up says what each area takes now, by the rules that will decide."""

import uuid

from cardsvc.service.desk.workstations import begin
from tests.desk.busy import Counter
from tests.web.clerk import Clerk
from tests.web.desk_office import Office
from tests.world import DESK


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
    assert "5.00 至 450.00 元，每级 5.00；" in told
    assert "50.00 至 500.00 元，每级 5.00）" in told


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
