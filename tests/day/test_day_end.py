"""The end of a day: refused while something is open, and sealed so that nobody can cut or rewrite what was booked."""

import datetime as dt

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine

from cardsvc.errors import CardsvcError
from cardsvc.iso7816.exchange import run_batch
from cardsvc.iso7816.links import ResponseLink
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.books.day_end import blockers, end_day, end_month
from cardsvc.service.books.reports import day_sheet
from cardsvc.service.purse.orders import create_order, order_params
from cardsvc.service.purse.suspects import suspects, take
from cardsvc.service.terminals.registry import register_terminal, sign_on
from cardsvc.signature import public_hex
from cardsvc.store.records import DaySeal, Load
from cardsvc.units import LOCAL
from cardsvc.vcard import FaultPlan
from tests.databases import on_postgresql, url_of
from tests.day.outlet import Hall, refused
from tests.world import DESK, FAMILIES

TODAY = dt.date(2026, 11, 24)
CARD = "3100010100000001"


def end(hall: Hall, day: dt.date = TODAY) -> DaySeal:
    """End a day."""
    return end_day(hall.world.store, "hall", day, by=hall["boss"], now=hall.world.now)


def reasons(hall: Hall) -> list[tuple[str, str | None]]:
    """What keeps the day from ending, and who looks after it."""
    return [(found["reason"], found["owner"]) for found in blockers(hall.world.store, "hall")]


def open_loads(hall: Hall) -> list[Load]:
    """Loads of the first card that only the card can settle."""
    with hall.world.store.read() as uow:
        return uow.loads.open_on(CARD)


def test_a_day_ends_once_everything_is_cleared(hall: Hall) -> None:
    """A suspect, a shift and a job under way; one after the other is cleared, and each refusal lists what is left."""
    world = hall.world
    card, other = world.issue(FAMILIES[0]), world.issue(FAMILIES[1], 2)
    shift = hall.open()
    card.plan = FaultPlan(tear_after_command=7)
    with pytest.raises(CardsvcError):
        world.topup(card, 5000, DESK)
    channel = other.channel()
    reply = world.port().start("inspect", {}, atr=other.atr, idempotency_key="a-key-of-a-job")
    assert sorted(reasons(hall)) == sorted(
        [("suspect_unowned", None), ("shift_unfinished", "teller"), ("operation_live", "desk-1")], key=str
    )
    with pytest.raises(CardsvcError, match=r"suspect without an owner.*shift not closed.*job under way"):
        end(hall)
    world.port().abandon(reply.id, reply.step, [], "customer left")
    channel.close()
    (entry,) = suspects(world.store, world.now)
    take(world.store, entry["card_no"], entry["id"], "", by=hall["teller"], now=world.now)
    assert reasons(hall) == [("shift_unfinished", "teller")]
    with refused("day_open"):
        end(hall)
    hall.close(shift, 35000)
    seal = end(hall)
    assert (seal.number, seal.business_day) == (1, TODAY)
    with refused("day_ended"):
        end(hall)
    with refused("day_ended"):
        hall.open()


def test_a_day_sends_orders_back_whose_month_is_over(hall: Hall) -> None:
    """Nobody fetched November's ticket: what is sealed on 1 December is owed to the payer."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    world.do(card, "open", application="bus", product="T")
    paid = {"method": "mobile", "reference": "wx-1"}
    params = order_params({"card_no": "3100010100000001", "amount": 5000, "area": "month", "payment": paid})
    create_order(world.store, world.engine.rules, "app", params, world.now)
    end(hall)
    assert world.balances()["order:3100010100000001"] == -5000
    world.now += dt.timedelta(days=7)
    shift = hall.open(pieces={})
    with refused("day_open"):
        end(hall, dt.date(2026, 12, 1))
    assert world.balances()["order:3100010100000001"] == -5000, "a day that may not end sends nothing back"
    hall.close(shift, 0)
    end(hall, dt.date(2026, 12, 1))
    assert (world.balances()["order:3100010100000001"], world.balances()["payout:app"]) == (0, -5000)
    assert verify_ledger(world.store)["breaks"] == []


def test_a_job_whose_time_is_over_counts_until_it_is_swept(hall: Hall) -> None:
    """Its load may be on the card: swept, it is a suspect that wants an owner."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    hall.close(hall.open(), 30000)
    channel = card.channel()
    reply = world.port().start(
        "topup", {"amount": 5000, "payment": {"method": "cash"}}, atr=card.atr, idempotency_key="a-torn-job"
    )
    while not open_loads(hall):
        reply = world.port().answer(reply.id, reply.step, run_batch(ResponseLink(channel), reply.commands))
    channel.close()
    world.now += dt.timedelta(hours=1)
    assert reasons(hall) == [("operation_live", "desk-1")]
    world.engine.sweep_all()
    assert reasons(hall) == [("suspect_unowned", None)]


def test_terminals_of_the_outlet_are_signed_off_first(hall: Hall) -> None:
    """And what they left suspect has an owner; a terminal of nowhere does not matter."""
    world = hall.world
    for number, outlet_id in (("7", "hall"), ("8", None)):
        key = public_hex(Ed25519PrivateKey.generate())
        about = {"outlet_id": outlet_id, "operator": "metro"}
        register_terminal(world.store, f"kiosk-{number}", "", f"31000000000{number}", key, "topup", world.now, **about)
        sign_on(world.store, f"kiosk-{number}", world.now, on=True)
    card = world.issue(FAMILIES[0])
    card.plan = FaultPlan(tear_after_command=7)
    with pytest.raises(CardsvcError):
        world.topup(card)
    assert reasons(hall) == [("suspect_unowned", None), ("terminal_signed_on", "metro")]
    sign_on(world.store, "kiosk-7", world.now, on=False)
    assert reasons(hall) == [("suspect_unowned", None)]
    (entry,) = suspects(world.store, world.now)
    take(world.store, entry["card_no"], entry["id"], "", by=hall["teller"], now=world.now)
    assert end(hall).number == 1
    with world.store.read() as uow:
        (load,) = uow.loads.suspects()
    rows = day_sheet(world.store, TODAY, "outlet", "hall")["rows"]
    assert [(row["group"], row["kind"], row["amount"]) for row in rows if row["method"]] == [
        ("hall", "load_authorised", load.paid)
    ]


def test_only_a_supervisor_of_the_outlet_ends_its_day(hall: Hall) -> None:
    """And not one that has not begun, or of an outlet that is not there."""
    for who, code in (("teller", "not_permitted"), ("auditor", "not_permitted")):
        with refused(code):
            end_day(hall.world.store, "hall", TODAY, by=hall[who], now=hall.world.now)
    with refused("not_permitted"):
        end_day(hall.world.store, "moon", TODAY, by=hall["boss"], now=hall.world.now)
    with refused("day_not_begun"):
        end(hall, TODAY + dt.timedelta(days=1))
    with refused("outlet_unknown"):
        blockers(hall.world.store, "moon")


def test_a_month_ends_after_its_days(hall: Hall) -> None:
    """Not before it is over, not with a day of work that was not ended, and once."""
    world, month = hall.world, dt.date(2026, 11, 1)

    def month_end() -> None:
        end_month(world.store, "hall", month, by=hall["boss"], now=world.now)

    hall.close(hall.open(), 30000)
    with refused("month_not_over"):
        month_end()
    world.now += dt.timedelta(days=7)
    with refused("month_open"):
        month_end()
    end(hall)
    month_end()
    with refused("month_ended"):
        month_end()


def test_a_day_that_was_forgotten_is_ended_after_the_next_one(hall: Hall) -> None:
    """Across the end of a month: its business is sealed, the month can end, and nobody ends it twice."""
    world = hall.world
    for day in (dt.date(2026, 11, 30), dt.date(2026, 12, 1)):
        world.now = dt.datetime.combine(day, dt.time(23, 55), LOCAL)
        shift = hall.open()
        world.now += dt.timedelta(minutes=10)  # the drawer is counted after midnight
        hall.close(shift, 30000)
    end(hall, dt.date(2026, 12, 1))
    with refused("month_open"):
        end_month(world.store, "hall", dt.date(2026, 11, 1), by=hall["boss"], now=world.now)
    seal = end(hall, dt.date(2026, 11, 30))
    assert (seal.number, seal.business_day) == (2, dt.date(2026, 11, 30))
    for day in (dt.date(2026, 11, 30), dt.date(2026, 12, 1)):
        with refused("day_ended"):
            end(hall, day)
    end_month(world.store, "hall", dt.date(2026, 11, 1), by=hall["boss"], now=world.now)
    assert verify_ledger(world.store)["breaks"] == []


def found_after(hall: Hall, *sql: str, table: str = "transfer") -> list[tuple[str, int, str]]:
    """What the verifier says of chains and seals after somebody with the database's password was at it."""
    engine = create_engine(url_of(hall.world.path))
    with engine.begin() as raw:
        where = f" ON {table}" if on_postgresql() else ""
        for trigger in (f"{table}_no_update", f"{table}_no_delete"):
            raw.exec_driver_sql(f"DROP TRIGGER {trigger}{where}")
        for statement in sql:
            raw.exec_driver_sql(statement)
    engine.dispose()
    breaks = verify_ledger(hall.world.store)["breaks"]
    return [(b["chain"], b["number"], b["what"]) for b in breaks if b["what"] not in ("unbooked", "without_row")]


def test_an_honest_ledger_with_seals_holds(sealed: Hall) -> None:
    """Also with the roots that stand on the day sheets, and not with another."""
    found = verify_ledger(sealed.world.store)
    assert (found["seals"], found["total"], found["breaks"]) == (2, 0, [])
    with sealed.world.store.read() as uow:
        roots = [seal.root for seal in uow.day_seals.all()]
    assert all(verify_ledger(sealed.world.store, root)["breaks"] == [] for root in roots)
    assert verify_ledger(sealed.world.store, "0" * 64)["breaks"] == [{"chain": "seal", "number": 3, "what": "missing"}]


def test_lines_cut_off_the_end_of_a_sealed_chain_are_found(sealed: Hall) -> None:
    """The chain by itself would look whole."""
    assert found_after(sealed, f"DELETE FROM transfer WHERE chain = '{CARD}' AND number > 3") == [(CARD, 4, "missing")]


def test_a_whole_chain_that_is_gone_is_found(sealed: Hall) -> None:
    """From its first line on."""
    assert found_after(sealed, f"DELETE FROM transfer WHERE chain = '{CARD}'") == [(CARD, 1, "missing")]


def test_a_chain_that_was_written_anew_is_found(sealed: Hall) -> None:
    """With right hashes throughout: only the seal knows better."""
    import dataclasses

    from cardsvc.ledger.chain import FIRST, link

    with sealed.world.store.read() as uow:
        lines = uow.ledger.of_chain(CARD)
    statements, previous = [], FIRST
    for line in lines:
        forged = dataclasses.replace(line, amount=line.amount * 2)
        content = dataclasses.astuple(forged)[:-2]
        digest = link(previous, content)
        statements.append(
            f"UPDATE transfer SET amount = {forged.amount}, previous_hash = '{previous}', hash = '{digest}' "
            f"WHERE chain = '{CARD}' AND number = {line.number}"
        )
        previous = digest
    assert found_after(sealed, *statements) == [(CARD, 2, "changed"), (CARD, 4, "changed")]


@pytest.mark.parametrize(
    ("sql", "table", "expected"),
    [
        (
            "UPDATE day_seal SET root = previous_root WHERE number = 1",
            "day_seal",
            {("seal", 1, "changed"), ("seal", 2, "inserted")},
        ),
        ("UPDATE day_seal SET sealed_by = 'second' WHERE number = 2", "day_seal", {("seal", 2, "changed")}),
        ("UPDATE day_seal SET business_day = '2020-01-01' WHERE number = 1", "day_seal", {("seal", 1, "changed")}),
        (f"DELETE FROM sealed_head WHERE seal_number = 2 AND chain = '{CARD}'", "sealed_head", {("seal", 2, "changed")}),
        ("UPDATE sealed_head SET number = 1 WHERE seal_number = 1", "sealed_head", {("seal", 1, "changed")}),
    ],
)
def test_changed_seals_are_found(sealed: Hall, sql: str, table: str, expected: set[tuple[str, int, str]]) -> None:
    """A seal, its author, its day, or one of its heads."""
    assert expected <= set(found_after(sealed, sql, table=table))


def test_a_seal_taken_out_is_found(sealed: Hall) -> None:
    """In the middle by its number; the newest by its root on paper."""
    with sealed.world.store.read() as uow:
        root = uow.day_seals.all()[-1].root
    engine = create_engine(url_of(sealed.world.path))
    with engine.begin() as raw:
        for table in ("day_seal", "sealed_head"):
            raw.exec_driver_sql(f"DROP TRIGGER {table}_no_delete{' ON ' + table if on_postgresql() else ''}")
        raw.exec_driver_sql("DELETE FROM sealed_head WHERE seal_number = 2")
        raw.exec_driver_sql("DELETE FROM day_seal WHERE number = 2")
    engine.dispose()
    assert verify_ledger(sealed.world.store)["breaks"] == []
    assert verify_ledger(sealed.world.store, root)["breaks"] == [{"chain": "seal", "number": 2, "what": "missing"}]


def test_a_seal_keeps_only_what_grew(sealed: Hall) -> None:
    """A card that did nothing on a day is not sealed again, nor is one of the six people of whom nothing was changed."""
    end(sealed, sealed.world.now.date())
    sealed.world.now += dt.timedelta(days=1)
    end(sealed, sealed.world.now.date())
    with sealed.world.store.read() as uow:
        sizes = [len(uow.sealed_heads.of_seal(seal.number)) for seal in uow.day_seals.all()]
    assert sizes == [2 + 6, 1, 1, 0]
    assert verify_ledger(sealed.world.store)["breaks"] == []


def test_two_day_ends_at_once_make_two_seals(hall: Hall) -> None:
    """Of several outlets: one waits or runs again, and the seals stand in one line."""
    from concurrent.futures import ThreadPoolExecutor

    from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
    from tests.day.outlet import PASSWORD

    store, now = hall.world.store, hall.world.now
    supervisors = [hall["boss"]]
    for name in ("east", "west", "north"):
        add_outlet(store, name, name, now)
        supervisors.append(add_staff(store, NewStaff(name, name, "supervisor", name), PASSWORD, now, by=hall["admin"]))
    with ThreadPoolExecutor(4) as pool:
        seals = list(pool.map(lambda by: end_day(store, by.outlet_id, TODAY, by=by, now=now), supervisors))
    assert sorted(seal.number for seal in seals) == [1, 2, 3, 4]
    assert verify_ledger(store)["breaks"] == []


def test_balances_stand_as_they_stood(sealed: Hall) -> None:
    """Before each day, and lines of an account that lead from one balance to the next."""
    from cardsvc.service.cards.views import statement, trial_balance

    store, now = sealed.world.store, sealed.world.now
    days = [trial_balance(store, now - dt.timedelta(days=back, minutes=1)) for back in (2, 1, 0)]
    purse = f"purse:{CARD}:purse:ep"
    assert [day["accounts"].get(purse, 0) for day in days] == [0, -5000, -10000]
    assert [day["total"] for day in days] == [0, 0, 0]
    assert trial_balance(store)["accounts"][purse] == -15000
    found = statement(store, purse, now - dt.timedelta(days=1, minutes=1), now + dt.timedelta(minutes=1))
    assert (found["opening"], found["closing"]) == (-5000, -15000)
    assert [line["balance"] for line in found["lines"]] == [-10000, -15000]
