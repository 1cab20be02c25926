"""Held money that no card takes goes back the way it came: after its days, once, by two people where it is much."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.errors import CardsvcError
from cardsvc.iso7816.exchange import run_batch
from cardsvc.iso7816.links import ResponseLink
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.receipts import check_receipt, printed, receipt_of
from cardsvc.service.cards.deaths import DeathReport, report_death
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.service.purse.orders import create_order, order_params
from cardsvc.service.staff.approvals import approve, open_approvals
from cardsvc.service.transactions.held_payout import PayoutClaim, move_due, pay_held
from cardsvc.service.transactions.held_view import held_view, held_worklist
from cardsvc.service.transactions.takeovers import hold_card
from cardsvc.store.records import HeldPayout
from cardsvc.units import LOCAL
from cardsvc.vcard import FaultPlan
from tests.day.outlet import Hall, open_hall, refused
from tests.service.cards.test_card_requests import PARENT
from tests.service.cards.test_renewal import give_money, replace
from tests.service.purse.test_areas import CARD, bus_card, load, local
from tests.service.transactions.test_takeover import second_card
from tests.world import DESK, FAMILIES, World, balance_on, rules

FMCOS = FAMILIES[0]
HELD = f"held:{CARD}"
DAYS = dt.timedelta(days=9)
"""Seven working days after 24 November 2026."""
WX = {"method": "mobile", "reference": "wx-1"}


@pytest.fixture
def hall(world: World) -> Hall:
    """An outlet with its people."""
    return open_hall(world)


def old_card(world: World, cash: int = 5000, mobile: int = 0) -> None:
    """A card that gave what was on it: loaded in cash, then by phone."""
    card = world.issue(FMCOS)
    load(world, card, cash)
    if mobile:
        world.now += dt.timedelta(days=1)
        load(world, card, mobile, payment=WX)
    world.do(card, "transfer_out")


def parts(world: World) -> list[dict[str, Any]]:
    """What the desk sees of the held money."""
    found = held_view(world.store, world.engine.rules, CARD, world.now) or {}
    return list(found["parts"])


def pay(hall: Hall, reason: str = "no_card", by: str = "teller", book: RuleBook | None = None) -> HeldPayout:
    """The only part is paid back."""
    world, (part,) = hall.world, parts(hall.world)
    book = book or world.engine.rules
    claim = PayoutClaim(CARD, part["part_id"], reason, "身份证")
    return pay_held(world.store, book, DESK, claim, by=hall[by], now=world.now)


def test_it_goes_back_the_way_it_came_on_its_day_and_once(world: World, hall: Hall) -> None:
    """50.00 in cash out of the drawer, 60.00 through the phone's channel; asked again, it is the same payout."""
    shift = hall.open()
    old_card(world, 5000, 6000)
    with refused("held_waits"):
        pay(hall)
    world.now += DAYS
    before = world.balances()
    row = pay(hall)
    assert (row.amount, row.returned, row.approval_id) == (11000, 11000, None)
    assert pay(hall) == row
    with pytest.raises(CardsvcError, match="already_given_back") as told:
        pay(hall, by="boss")
    assert f"已由 teller 在 {world.now.astimezone(LOCAL):%Y-%m-%d %H:%M} 退给市民（110.00 元）" in told.value.message("zh")
    moved = {name: amount - before.get(name, 0) for name, amount in world.balances().items() if amount != before.get(name, 0)}
    assert moved == {HELD: 11000, "payout:mobile": -6000, f"drawer:{shift.shift_id}": -5000}
    assert parts(world)[0]["payout"]["returned"] == 11000
    new = second_card(world)
    with pytest.raises(CarriedOut, match="nothing_held"):
        world.do(new, "transfer_in", old_card_no=CARD)


def test_a_drawer_pays_no_held_money_that_is_not_in_it(world: World, hall: Hall) -> None:
    """It stays held; another day, or another drawer."""
    hall.open(pieces={})
    old_card(world)
    world.now += DAYS
    with refused("drawer_holds_less"):
        pay(hall)
    assert (world.balances()[HELD], parts(world)[0]["gone"]) == (-5000, False)


def test_much_of_it_wants_two_people_and_is_paid_where_the_holder_stands(world: World, hall: Hall) -> None:
    """From 200.00 on; the proposer does not agree with themselves; what the two saw stands in the payout."""
    old_card(world, 20000)
    world.now += DAYS
    with refused("held_needs_approval"):
        pay(hall)
    (part,) = parts(world)
    subject, payload = f"{CARD}:{part['part_id']}", {"reason": "no_card", "papers": "身份证", "amount": 20000}
    with refused("approval_own"):
        hall.agree("held_payout", subject, payload, by="boss", second="boss")
    assert parts(world)[0]["asks"] == "asked"
    approved = hall_agrees(hall, subject)
    assert world.balances()[HELD] == -20000, "nothing has moved yet"
    row = pay(hall)
    assert (row.approval_id, row.reason, row.papers) == (approved, "no_card", "身份证")
    assert world.balances()[HELD] == 0
    with refused("nothing_held"):
        hall.agree("held_payout", subject, payload)


def hall_agrees(hall: Hall, subject: str) -> str:
    """The other supervisor agrees to what was proposed."""
    (asked,) = (one for one in open_approvals(hall.world.store) if one["subject"] == subject)
    return approve(hall.world.store, APPROVALS, asked["approval_id"], by=hall["second"], now=hall.world.now).approval_id


def test_a_holder_with_a_card_that_takes_it_gets_it_there(world: World, hall: Hall) -> None:
    """Whatever the reason that is given; and once it is there, nothing is held."""
    old_card(world)
    new = second_card(world)
    world.now += DAYS
    for reason in ("no_card", "not_writable"):
        with refused("held_can_be_written"):
            pay(hall, reason)
    with refused("held_reason_wrong"):
        pay(hall, "tired of waiting")
    world.do(new, "transfer_in", old_card_no=CARD)
    with refused("nothing_held"):
        pay(hall, "not_writable")


def test_an_heir_is_paid_when_two_people_have_confirmed_the_death_and_then_nobody_else_is(world: World, hall: Hall) -> None:
    """Before, a death is not a reason; after it no other reason is, and a card that was not cancelled yet holds nothing up."""
    old_card(world)
    second_card(world)
    world.now += DAYS
    with refused("death_not_noted"):
        pay(hall, "death")
    report_death(world.store, world.engine.rules, death_of_holder(world), by=hall["teller"], now=world.now)
    hall_agrees(hall, world.citizen())
    with refused("citizen_died"):
        pay(hall, "no_card")
    assert pay(hall, "death").reason == "death"
    assert world.balances()[HELD] == 0


def death_of_holder(world: World) -> DeathReport:
    """The spouse reports it and brings no card."""
    heir = {"heir": "spouse", "heir_name": PARENT["comer_name"], "heir_id_number": PARENT["comer_id_number"]}
    return DeathReport(citizen_id=world.citizen(), papers="死亡证明、结婚证", **heir)


def above_the_cap() -> RuleBook:
    """Rules by which no card may hold 50.00."""
    caps = tuple(cap.model_copy(update={"named": 4000, "bearer": 4000}) for cap in rules().legal_cap)
    return RuleBook(rules().model_copy(update={"legal_cap": caps}))


def test_money_that_a_card_may_not_hold_by_law_goes_back_to_a_holder_who_has_one(world: World, hall: Hall) -> None:
    """Above the cap there is no other way out than this one."""
    old_card(world)
    second_card(world)
    world.now += DAYS
    assert pay(hall, "not_writable", book=above_the_cap()).returned == 5000


def test_money_of_a_product_that_is_not_sold_any_more_goes_back(world: World, hall: Hall) -> None:
    """Bus D of 2018 cannot be opened on a card of 2026: by rules that swap it for nothing, its 50.00 has nowhere to go."""
    today, world.now = world.now, dt.datetime(2018, 6, 1, 4, 0, tzinfo=dt.UTC)
    card = world.issue(FMCOS)
    world.do(card, "open", application="bus", product="D")
    load(world, card, 5000, product="D")
    world.now = today
    world.do(card, "transfer_out")
    second_card(world)
    world.now += DAYS
    unswapped = RuleBook(rules().model_copy(update={"swap": ()}))
    assert pay(hall, "not_writable", book=unswapped).returned == 5000


def test_money_of_a_withdrawn_product_is_not_paid_back_while_the_new_card_takes_it(tmp_path: Path) -> None:
    """Bus D of 2018, swapped for T in 2026: a transfer writes its money onto the city purse, so none is paid back."""
    world = World(tmp_path / "city.db", local(2018, 5, 7, 12))
    old = bus_card(world, "D")
    load(world, old, 10000, product="D")
    hall = open_hall(world)
    world.now = local(2026, 11, 24, 12)
    replace(world, hall["teller"], "withdrawn")
    give_money(world, old)
    new = second_card(world)
    world.now += DAYS
    hall.open()
    with refused("held_can_be_written"):
        pay(hall, "not_writable")
    world.do(new, "transfer_in", old_card_no=CARD)
    assert (balance_on(new)[0], sum(world.balances().values())) == (10000, 0)
    world.close()


def test_a_card_that_could_not_be_read_is_paid_by_the_books(world: World, hall: Hall) -> None:
    """No new card asks for it: on its day the desk lets the books decide, and pays; orders of it go back to their payer."""
    card = world.issue(FMCOS)
    load(world, card, 5000)
    order = {"card_no": CARD, "amount": 6000, "payment": WX, "product": None, "area": "purse", "month": None}
    create_order(world.store, world.engine.rules, "app", order_params(order), world.now)
    hold_card(world.store, world.engine.rules, CARD, by=hall["boss"], now=world.now)
    with refused("money_waits"):
        move_due(world.store, CARD, world.now)
    world.now += DAYS
    assert (held_view(world.store, world.engine.rules, CARD, world.now) or {})["movable"]
    move_due(world.store, CARD, world.now)
    move_due(world.store, CARD, world.now)
    pay(hall)
    balances = world.balances()
    assert (balances[HELD], balances[f"order:{CARD}"], balances["payout:app"]) == (0, 0, -6000)


def test_a_load_whose_fate_is_not_known_keeps_its_money_from_going_back(world: World, hall: Hall) -> None:
    """Torn while it was written: nothing is held; once the card proved that it has nothing, it is held again."""
    old_card(world)
    new = second_card(world)
    new.plan = FaultPlan(tear_before_write=1)
    with pytest.raises(Exception, match="card_gone"):
        world.do(new, "transfer_in", old_card_no=CARD)
    world.now += DAYS
    with refused("nothing_held"):
        pay(hall, "not_writable")
    world.do(new, "inspect")
    assert pay(hall, "not_writable", book=above_the_cap()).returned == 5000


def test_a_transfer_that_began_before_the_payout_writes_nothing_after_it(world: World, hall: Hall) -> None:
    """The card shows its counter, the money is paid back at another desk, and MAC2 never leaves."""
    old_card(world)
    new = second_card(world)
    world.now += DAYS
    port, channel = world.port(), new.channel()
    reply = port.start("transfer_in", {"old_card_no": CARD}, atr=channel.atr, idempotency_key="transfer-in-1")
    paid: HeldPayout | None = None
    while reply.commands:
        answers = run_batch(ResponseLink(channel), reply.commands)
        if any(ask.command.ins == 0x50 for ask in reply.commands):
            paid = pay(hall, "not_writable", book=above_the_cap())
        reply = port.answer(reply.id, reply.step, answers)
    channel.close()
    assert paid is not None
    assert (reply.problem or {})["code"] == "payment_reference_used"
    assert world.balances()[HELD] == 0
    assert world.purse_total("3100010100000002") == 0


def test_a_payout_has_a_receipt(world: World, hall: Hall) -> None:
    """What was held and each way back; the code can be checked."""
    key = ReceiptKey(Ed25519PrivateKey.generate())
    old_card(world, 5000, 6000)
    world.now += DAYS
    row = pay(hall)
    paper = receipt_of(world.store, key, CARD, row.payout_id)
    assert {"110.00", "60.00", "50.00", "退旧卡代管余额"} <= set(printed(paper, "text58", "zh", None).decode().split())
    checked = check_receipt(world.store, key.public_hex, paper.signed_text)
    assert (checked["books"], checked["receipt"]["kind"], checked["receipt"]["amount"]) == ("same", "payout", 11000)


def test_the_worklist_says_of_whom_it_is_and_what_next(world: World, hall: Hall) -> None:
    """Waiting for its day, payable, with a new card, paid: then it is off the list."""
    old_card(world)

    def listed() -> list[tuple[bool, str | None]]:
        rows = held_worklist(world.store, world.engine.rules, world.now)
        assert all(row["holder"]["name"] == "测试一" and row["amount"] == 5000 for row in rows)
        return [(row["payable"], row["new_card_no"]) for row in rows]

    assert listed() == [(False, None)]
    world.now += DAYS
    assert listed() == [(True, None)]
    second_card(world)
    assert listed() == [(True, "3100010100000002")]
    pay(hall, "not_writable", book=above_the_cap())
    assert listed() == []
