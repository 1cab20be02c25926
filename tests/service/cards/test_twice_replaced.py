"""What belongs to a holder follows them from card to card, however often a card is replaced."""

import pytest

from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement
from cardsvc.service.purse.payments import Payment
from cardsvc.service.transactions.deposits import deposit_plan, return_deposit, take_deposit
from cardsvc.store.records import Staff
from cardsvc.vcard import VirtualCard
from tests.service.cards.test_handing_out import give
from tests.service.purse.test_orders import pay
from tests.service.staff.test_staff import people, refused
from tests.world import DESK, FAMILIES, KIOSK, World, balance_on

__all__ = ["people"]
FMCOS = FAMILIES[0]


def replaced(world: World, by: Staff, old_no: str, seed: int, reason: str = "fault") -> VirtualCard:
    """The card cannot be read: it is taken in, and the holder gets another one."""
    paid = Payment(method="cash")
    begin_replacement(
        world.store,
        world.engine.rules,
        DESK,
        ReplacementRequest(card_no=old_no, reason=reason, payment=paid, readable=False),
        by=by,
        now=world.now,
    )
    card = VirtualCard.blank(FMCOS, seed=seed)
    world.do(card, "personalise", citizen_id=world.citizen())
    return card


def test_what_was_paid_online_waits_for_the_third_card(world: World, people: dict[str, Staff]) -> None:
    """Replaced twice before anybody fetched it: once, on the card that the holder has."""
    clerk = people["clerk"]
    first = str(world.card_no_of(world.issue(FMCOS)))
    pay(world, 5000)
    second = replaced(world, clerk, first, 41)
    third = replaced(world, clerk, str(world.card_no_of(second)), 42)
    assert world.do(third, "fetch", KIOSK, order_id=None)["amount"] == 5000
    assert balance_on(third)[0] == 5000
    assert (verify_ledger(world.store)["breaks"], sum(world.balances().values())) == ([], 0)


@pytest.mark.parametrize(
    ("product", "reason", "taken", "follows"),
    [
        ("library", "damaged", True, True),
        ("T", "fault", True, True),
        ("T", "fault", False, True),
        ("T", "damaged", True, False),
    ],
)
def test_a_deposit_follows_its_holder_to_the_third_card(
    world: World, people: dict[str, Staff], product: str, reason: str, taken: bool, follows: bool
) -> None:
    """From each card that is handed out for another one; given back there, as long after it was taken as it was. Of a damaged
    body it stays with that."""
    clerk, books = people["clerk"], (world.store, world.engine.rules, DESK)
    first = str(world.card_no_of(world.issue(FMCOS)))
    take_deposit(*books, first, product, Payment(method="cash"), by=clerk, now=world.now)
    second = replaced(world, clerk, first, 41, reason)
    assert deposit_plan(*books, str(world.card_no_of(second)), world.now)["back"] is None, "nobody has it yet"
    if taken:
        give(world, clerk, str(world.card_no_of(second)))
    third = replaced(world, clerk, str(world.card_no_of(second)), 42, reason)
    last = str(world.card_no_of(third))
    give(world, clerk, last)
    assert bool(deposit_plan(*books, last, world.now)["back"]) == follows
    if follows:
        with refused("deposit_not_held"):
            return_deposit(*books, first, by=clerk, now=world.now)
    back = return_deposit(*books, last if follows else first, by=clerk, now=world.now)
    assert back.returned == (10000 if product == "library" else 1967)
    left = {name: amount for name, amount in world.balances().items() if name.startswith(("deposit:", "held:"))}
    assert (set(left.values()), verify_ledger(world.store)["breaks"]) == ({0}, [])
