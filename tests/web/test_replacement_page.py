"""The page of a replacement: its receipt, the old card taken in after all, the fee given back."""

from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement
from cardsvc.service.desk.workstations import actor_of
from cardsvc.service.purse.payments import Payment
from tests.web.desk_office import Office

CARD = "3100010100000001"


def damaged(office: Office) -> str:
    """A damaged card is to give its money itself, and its fee is paid at the first workstation; the replacement's number."""
    world, by = office.world, office.people["clerk"]
    world.issue("fudan-fmcos2")
    actor, cash = actor_of(world.store, "ws-1", by=by), Payment(method="cash")
    rules = world.engine.rules
    row = begin_replacement(
        world.store,
        rules,
        actor,
        ReplacementRequest(card_no=CARD, reason="damaged", payment=cash, readable=True),
        by=by,
        now=world.now,
    )
    return row.replacement_id


def test_a_card_that_gives_nothing_is_taken_in_and_the_fee_goes_back_from_the_drawer(office: Office) -> None:
    """Step by step, as the clerk sees it; a fee that went back is not offered again."""
    number = damaged(office)
    page = office.page("clerk", "ws-1")
    path = f"/replacements/{CARD}"
    assert f"/desk/receipts/{CARD}/{number}.pdf" in page.get(path).text
    assert "旧卡还没有收下" in page.text(path)
    assert page.post(f"{path}/take-in").status_code == 303
    assert "旧卡已收下" in page.text(path)
    assert "余额到账日" in page.text(path)
    assert page.post(f"{path}/fee-back").status_code == 303
    assert "工本费已退回" in page.text(path)
    assert "退回工本费" not in page.text(path)
    assert office.world.balances()["clearing:terminal:ws-1"] == 0
    again = page.post(f"{path}/fee-back")
    assert (again.status_code, "没有可退的工本费" in again.text) == (409, True)
    assert page.post(f"{path}/anything").status_code == 404
