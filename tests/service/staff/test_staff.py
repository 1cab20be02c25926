"""Staff signs in; what needs two people is done by two."""

import datetime as dt
from typing import Any

import pytest

from cardsvc.errors import CardsvcError, StoreError
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.management.staff_admin import set_staff_state
from cardsvc.service.purse.suspects import attachment, suspects, take
from cardsvc.service.staff.accounts import MAX_ATTEMPTS, NewStaff, add_outlet, add_staff, change_password, sign_in
from cardsvc.service.staff.approvals import approve, propose, reject, withdraw
from cardsvc.store.records import Staff, StaffChange
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.world import FAMILIES, World, balance_on

PASSWORD = "only for tests"


def hire(world: World, staff_id: str, role: str, by: Staff | None = None) -> Staff:
    """A person with the password of all tests."""
    return add_staff(world.store, NewStaff(staff_id, staff_id, role, "hall"), PASSWORD, world.now, by=by)


HIRED: dict[str, Staff] = {}
TRAIL: list[StaffChange] = []
"""The people of all these tests, once they were hired, and what the trail says of it: hashing five passwords for every test
takes longer than most of them."""


@pytest.fixture
def people(world: World) -> dict[str, Staff]:
    """An outlet with one person of each kind that these tests need."""
    return hire_all(world)


def hire_all(world: World) -> dict[str, Staff]:
    """The same for a world that a test made itself."""
    add_outlet(world.store, "hall", "市民之家", world.now)
    if HIRED:
        with world.store.begin() as uow:
            uow.staff.add_many(HIRED.values())
            uow.staff_changes.add_many(TRAIL)
            uow.commit()
        return dict(HIRED)
    admin = hire(world, "admin", "administrator")
    rest = {role: hire(world, role, role, admin) for role in ("clerk", "supervisor", "auditor")}
    found = {"admin": admin, **rest, "second": hire(world, "second", "supervisor", admin)}
    with world.store.read() as uow:
        TRAIL.extend(uow.staff_changes.where())
    HIRED.update(found)
    return found


def refused(code: str) -> Any:
    """What is refused is refused with this code, and not done."""
    return pytest.raises(CardsvcError, match=f"^{code} ")


def test_a_right_password_signs_in_and_a_wrong_one_does_not(world: World, people: dict[str, Staff]) -> None:
    """Nobody learns whether an id exists."""
    assert sign_in(world.store, "clerk", PASSWORD, world.now).role == "clerk"
    for staff_id in ("clerk", "nobody"):
        with refused("sign_in_wrong"):
            sign_in(world.store, staff_id, "something else", world.now)
    assert PASSWORD not in repr(people["clerk"])
    assert "argon2" not in repr(people["clerk"])


def test_wrong_passwords_lock_an_account_for_a_while(world: World, people: dict[str, Staff]) -> None:
    """The right one does not help until then; an administrator helps at once."""
    for _ in range(MAX_ATTEMPTS - 1):
        with refused("sign_in_wrong"):
            sign_in(world.store, "clerk", "guess guess", world.now)
    for word in ("guess guess", PASSWORD):
        with refused("sign_in_locked"):
            sign_in(world.store, "clerk", word, world.now)
    assert sign_in(world.store, "clerk", PASSWORD, world.now + dt.timedelta(minutes=16)).staff_id == "clerk"
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(CardsvcError):
            sign_in(world.store, "clerk", "guess guess", world.now)
    change_password(world.store, "clerk", "another password", by=people["admin"], now=world.now)
    assert sign_in(world.store, "clerk", "another password", world.now).staff_id == "clerk"


def test_accounts_are_made_by_administrators(world: World) -> None:
    """The first is made by nobody, and only the first."""
    add_outlet(world.store, "hall", "市民之家", world.now)
    with refused("outlet_exists"):
        add_outlet(world.store, "hall", "市民之家", world.now)
    with refused("staff_first_administrator"):
        hire(world, "clerk", "clerk")
    admin = hire(world, "admin", "administrator")
    with refused("not_permitted"):
        hire(world, "thief", "administrator")
    clerk = hire(world, "clerk", "clerk", admin)
    with refused("not_permitted"):
        hire(world, "friend", "clerk", clerk)
    with refused("staff_exists"):
        hire(world, "clerk", "clerk", admin)
    with refused("password_weak"):
        add_staff(world.store, NewStaff("x", "x", "clerk", "hall"), "short", world.now, by=admin)
    with refused("outlet_unknown"):
        add_staff(world.store, NewStaff("x", "x", "clerk", "moon"), PASSWORD, world.now, by=admin)
    with refused("not_oneself"):
        set_staff_state(world.store, "admin", "suspended", by=admin, now=world.now)
    set_staff_state(world.store, "clerk", "suspended", by=admin, now=world.now)
    with refused("sign_in_wrong"):
        sign_in(world.store, "clerk", PASSWORD, world.now)


@pytest.fixture
def suspect(world: World) -> tuple[VirtualCard, dict[str, Any]]:
    """A card that left with its second top-up under way, and the entry of the worklist. The card has the money."""
    card = world.issue(FAMILIES[0])
    world.topup(card)
    card.plan = FaultPlan(tear_after_command=7)  # CREDIT FOR LOAD
    with pytest.raises(CardsvcError):
        world.topup(card)
    (entry,) = suspects(world.store, world.now)
    return card, entry


def ask(world: World, entry: dict[str, Any], by: Staff, *, written: bool = True, reason: str = "终端日志有 TAC") -> Any:
    """Propose to settle by hand."""
    payload = {"card_no": entry["card_no"], "written": written, "attachments": [attachment("journal.txt", b"TAC 12345678")]}
    return propose(world.store, APPROVALS, "settle_suspect", entry["id"], payload, reason, by=by, now=world.now)


def test_two_people_settle_what_the_card_cannot(
    world: World, people: dict[str, Staff], suspect: tuple[VirtualCard, dict[str, Any]]
) -> None:
    """Nobody alone; with the documents as evidence; then the books say what the card says."""
    card, entry = suspect
    before = world.balances()
    asked = ask(world, entry, people["supervisor"])
    with refused("approval_open"):
        ask(world, entry, people["second"])
    for person, code in (("supervisor", "approval_own"), ("clerk", "not_permitted"), ("auditor", "not_permitted")):
        with refused(code):
            approve(world.store, APPROVALS, asked.approval_id, by=people[person], now=world.now)
    assert world.balances() == before
    done = approve(world.store, APPROVALS, asked.approval_id, by=people["second"], now=world.now)
    assert (done.state, done.result) == ("approved", {"load_id": entry["id"], "state": "confirmed"})
    assert world.purse_total(entry["card_no"]) == balance_on(card)[0] == 10000
    with world.store.read() as uow:
        (line,) = uow.evidence.of_subject(entry["card_no"], entry["id"])
    assert line.rule == "two_people"
    assert line.evidence["documents"][0]["name"] == "journal.txt"
    assert suspects(world.store, world.now) == []
    with refused("approval_decided"):
        approve(world.store, APPROVALS, asked.approval_id, by=people["second"], now=world.now)


def test_a_card_that_comes_back_first_settles_itself(
    world: World, people: dict[str, Staff], suspect: tuple[VirtualCard, dict[str, Any]]
) -> None:
    """Then the proposal cannot be carried out any more, and nothing is booked twice."""
    card, entry = suspect
    asked = ask(world, entry, people["clerk"], written=False)
    world.do(card, "inspect")
    before = world.balances()
    with refused("suspect_unknown"):
        approve(world.store, APPROVALS, asked.approval_id, by=people["supervisor"], now=world.now)
    assert world.balances() == before
    assert reject(world.store, APPROVALS, asked.approval_id, "卡已自行结清", by=people["supervisor"], now=world.now).remark
    assert world.purse_total(entry["card_no"]) == balance_on(card)[0]


def test_proposals_that_make_no_sense_are_refused(
    world: World, people: dict[str, Staff], suspect: tuple[VirtualCard, dict[str, Any]]
) -> None:
    """Without a reason, without documents, with altered ones, about nothing."""
    _card, entry = suspect
    with refused("reason_missing"):
        ask(world, entry, people["clerk"], reason="  ")
    with refused("suspect_unknown"):
        ask(world, {**entry, "id": "none"}, people["clerk"])
    good = {"card_no": entry["card_no"], "written": True, "attachments": [attachment("a", b"a")]}
    altered = {**attachment("a", b"a"), "content": attachment("a", b"b")["content"]}
    for payload, code in (
        ({**good, "attachments": []}, "params_invalid"),
        ({**good, "attachments": [altered]}, "attachment_wrong"),
        ({**good, "attachments": [{**altered, "content": "!"}]}, "attachment_wrong"),
        ({**good, "more": 1}, "params_invalid"),
    ):
        with refused(code):
            propose(world.store, APPROVALS, "settle_suspect", entry["id"], payload, "x", by=people["clerk"], now=world.now)
    with refused("approval_kind_unknown"):
        propose(world.store, APPROVALS, "print_money", "x", {}, "x", by=people["clerk"], now=world.now)
    with refused("attachment_wrong"):
        attachment("large", bytes(300 * 1024))


def test_a_suspect_has_an_owner(world: World, people: dict[str, Staff], suspect: Any) -> None:
    """Whoever takes it; it can be handed over."""
    entry = suspect[1]
    assert entry["owner"] is None
    take(world.store, entry["card_no"], entry["id"], "等持卡人", by=people["clerk"], now=world.now)
    take(world.store, entry["card_no"], entry["id"], "", by=people["second"], now=world.now)
    assert suspects(world.store, world.now)[0]["owner"] == "second"
    with refused("suspect_unknown"):
        take(world.store, entry["card_no"], "none", "", by=people["clerk"], now=world.now)


def test_the_proposer_may_take_it_back(world: World, people: dict[str, Staff], suspect: Any) -> None:
    """Nobody else; then it can be proposed again."""
    asked = ask(world, suspect[1], people["clerk"])
    with refused("approval_not_own"):
        withdraw(world.store, asked.approval_id, by=people["supervisor"], now=world.now)
    withdraw(world.store, asked.approval_id, by=people["clerk"], now=world.now)
    assert ask(world, suspect[1], people["clerk"]).state == "proposed"


def test_the_database_itself_wants_two_people(world: World, people: dict[str, Staff], suspect: Any) -> None:
    """Whatever program writes to it; and a decision stays as it is."""
    asked = ask(world, suspect[1], people["supervisor"])
    with pytest.raises(StoreError), world.store.begin() as uow:
        uow.approvals.change(asked, state="approved", decided_by="supervisor", decided_at=world.now)
    withdraw(world.store, asked.approval_id, by=people["supervisor"], now=world.now)
    with pytest.raises(StoreError), world.store.begin() as uow:
        uow.approvals.change(asked, state="approved", decided_by="second", decided_at=world.now)
