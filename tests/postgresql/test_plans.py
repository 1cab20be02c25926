"""How PostgreSQL finds the rows of a top-up in a large city: by an index, whatever the statement, trigger or check."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from cardsvc.bootstrap import now
from cardsvc.errors import CardGone
from cardsvc.readers.carry import carry_out
from cardsvc.service.cards.deaths import DeathReport, report_death
from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement
from cardsvc.service.loss.hotlist import add_to_hot_list
from cardsvc.service.loss.reports import report_loss
from cardsvc.service.purse.orders import create_order, order_params
from cardsvc.service.purse.payments import Payment
from cardsvc.service.reconcile.run import Scope, reconcile
from cardsvc.service.terminals.registry import change_terminal
from cardsvc.service.transactions.deposits import take_deposit
from cardsvc.units import LOCAL
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.day.outlet import Hall, open_hall
from tests.postgres import Cluster
from tests.serving import Served, serving
from tests.world import DESK, FAMILIES, World, person, rules

ROWS = 4000
SMALL = {"rule_version", "terminal", "terminal_key", "outlet", "staff", "forgotten_nonces"}
"""Tables with as many rows as the city has rules, terminals, outlets and people; and one of one row."""
CASH = {"method": "cash", "reference": None}


@pytest.fixture(scope="module")
def cluster_of_module() -> Iterator[Cluster]:
    """One server for this module."""
    cluster = Cluster()
    cluster.make()
    cluster.start()
    cluster.execute("CREATE DATABASE city")
    yield cluster
    cluster.remove()


def pay_online(world: World, card_no: str, reference: str) -> None:
    """An order that waits for its card."""
    params = order_params({"card_no": card_no, "amount": 5000, "payment": {"method": "mobile", "reference": reference}})
    create_order(world.store, world.engine.rules, "app", params, world.now)


def one_row_of_everything(hall: Hall) -> None:
    """So that every table of the path has a row to be multiplied: hot list, loss, replacement, fee, shift, order, deposit,
    difference, evidence."""
    world = hall.world
    lost, torn = world.issue(FAMILIES[0], 2), world.issue(FAMILIES[0], 3)
    lost_no, torn_no = world.card_no_of(lost), world.card_no_of(torn)
    for card in (lost, torn):
        world.topup(card)
        world.do(card, "purchase", amount=100, merchant="bus")
    torn.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardGone):
        world.topup(torn)
    world.do(torn, "inspect")
    world.do(torn, "open", application="bus", product="T")
    world.do(torn, "open", application="park", product="1", payment={"method": "mobile", "reference": "wx-park"})
    pay_online(world, torn_no, "wx-1")
    deposit = Payment(method="mobile", reference="wx-deposit")
    take_deposit(world.store, world.engine.rules, DESK, torn_no, "T", deposit, by=hall["teller"], now=world.now)
    add_to_hot_list(world.store, torn_no, "试", by=hall["teller"], now=world.now)
    report_loss(world.store, world.engine.rules, lost_no, "formal", by=hall["teller"], now=world.now)
    paid, by = Payment(method="bank_card", reference="b-1"), hall["boss"]
    begin_replacement(
        world.store,
        world.engine.rules,
        DESK,
        ReplacementRequest(card_no=lost_no, reason="lost", payment=paid, readable=False),
        by=by,
        now=world.now,
    )
    heir = {"heir": "spouse", "heir_name": "测试", "heir_id_number": person(4).id_number}
    report = DeathReport(citizen_id=world.citizen(2), papers="死亡证明", **heir)
    report_death(world.store, world.engine.rules, report, by=hall["teller"], now=world.now)
    reconcile(world.store, rules(), Scope(world.now.astimezone(LOCAL).date()), world.now, by=world.bookkeeper())
    hall.open()


def multiply(connection: psycopg.Connection[Any], table: str) -> None:
    """Thousands of rows like the first of this table, that differ in everything that is unique, by card and in time."""
    columns = connection.execute(
        "SELECT column_name, data_type, character_maximum_length FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = %s",
        (table,),
    ).fetchall()
    keys = {
        row[0]
        for row in connection.execute(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
            "WHERE i.indrelid = %s::regclass AND i.indisunique",
            (table,),
        )
    }
    changes = [
        f"'{name}', CASE WHEN s.{name} IS NOT NULL THEN {_other(name, kind, most)} END"
        for name, kind, most in columns
        if name in keys or name == "card_no" or kind.startswith("timestamp")
    ]
    made = f"jsonb_populate_record(NULL::{table}, to_jsonb(s) || jsonb_build_object({', '.join(changes)}))"
    source = f"(SELECT * FROM {table} LIMIT 1) s, generate_series(1, {ROWS}) g, LATERAL {made} r"
    connection.execute(f"INSERT INTO {table} SELECT r.* FROM {source}")


def _other(name: str, kind: str, most: int | None) -> str:
    """SQL of another value for each g."""
    if name == "card_no":
        return "'9' || lpad(g::text, 15, '0')"
    if kind.startswith("character"):
        return f"left(md5(g::text || '{name}') || md5(g::text), {most})"
    if kind.startswith("timestamp"):
        step = "50 milliseconds" if name == "seen_at" else "1 hour"  # nonces are of minutes, what is booked of months
        return f"s.{name} - g * interval '{step}'"
    return f"s.{name} - g" if kind == "date" else f"s.{name} + 1000 + g"


def fill(connection: psycopg.Connection[Any]) -> set[str]:
    """Multiply every table that grows and has a row; which these are. Triggers and foreign keys do not look at the copies."""
    tables = {row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    grown = set()
    connection.execute("SET session_replication_role = replica")
    for table in sorted(tables - SMALL - {"alembic_version"}):
        if connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            multiply(connection, table)
            grown.add(table)
    connection.execute("ANALYZE")
    return grown


def read_from_end_to_end(world: World, cluster: Cluster) -> dict[str, int]:
    """How often each table was, since the server began to count. A session tells what it read when it ends at the latest."""
    world.store.close()
    with psycopg.connect(cluster.dsn("city"), autocommit=True) as connection:
        others = "SELECT 1 FROM pg_stat_activity WHERE datname = 'city' AND pid <> pg_backend_pid() AND backend_type = %s"
        while connection.execute(others, ("client backend",)).fetchone():
            time.sleep(0.05)
        return dict(connection.execute("SELECT relname, seq_scan FROM pg_stat_user_tables").fetchall())


Seen = list[tuple[str, Any]]


def top_ups(served: Served, card: VirtualCard, number: int) -> None:
    """Every way of a top-up: cash at a terminal with limits, by phone, torn and settled, ordered and fetched, month ticket."""
    world = served.world

    def carried(kind: str, **params: Any) -> None:
        channel = card.channel()
        try:
            carry_out(served.kiosk, channel, kind, params, idempotency_key=str(uuid.uuid4()))
        finally:
            channel.close()
            card.plan = FaultPlan()

    carried("topup", amount=5000, payment=CASH)
    carried("topup", amount=5000, payment={"method": "mobile", "reference": f"wx-2-{number}"})
    carried("topup", amount=5000, area="month", payment=CASH)
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardGone):
        carried("topup", amount=5000, payment=CASH)
    carried("inspect")
    pay_online(world, world.card_no_of(card), f"wx-3-{number}")
    carried("fetch")


LIVE = ("uq_operation_live",)
"""Partial indexes that hold what is under way just now: they do not grow with the years."""


def scans(plan: dict[str, Any], limited: bool = False) -> Iterator[str]:
    """Tables that a plan goes through from end to end: without an index, or through the whole of one."""
    kind, table = plan["Node Type"], plan.get("Relation Name", "")
    indexed = kind in ("Index Scan", "Index Only Scan") and plan.get("Index Name") not in LIVE
    whole = indexed and "Index Cond" not in plan and not limited
    if kind == "Seq Scan" or whole:
        yield table
    for part in plan.get("Plans", ()):
        yield from scans(part, limited or kind == "Limit")


def tables_of(plan: dict[str, Any]) -> Iterator[str]:
    """Every table of a plan."""
    yield from [plan["Relation Name"]] if "Relation Name" in plan else []
    for part in plan.get("Plans", ()):
        yield from tables_of(part)


def test_a_top_up_reads_no_growing_table_from_end_to_end(cluster_of_module: Cluster, tmp_path: Path) -> None:
    """Each statement is explained with its parameters; what triggers and foreign keys read is counted by the server."""
    world = World(tmp_path / "none", now(), url=cluster_of_module.url("city"))
    one_row_of_everything(open_hall(world))
    card = world.issue(FAMILIES[0], 1)
    world.do(card, "open", application="bus", product="T")
    with serving(world) as served:
        change_terminal(world.store, "kiosk-7", largest_load=100000, daily_loads=10**6, daily_amount=10**9)
        seen: Seen = []
        top_ups(served, card, 1)
        with psycopg.connect(cluster_of_module.dsn("city"), autocommit=True) as connection:
            grown = fill(connection)
        for engine in (world.store._writer, world.store._reader):
            event.listen(engine, "before_cursor_execute", lambda _c, _cursor, text, values, *_: seen.append((text, values)))
        before = read_from_end_to_end(world, cluster_of_module)
        top_ups(served, card, 2)
        after = read_from_end_to_end(world, cluster_of_module)
    assert {table: after[table] - before[table] for table in grown if after[table] != before[table]} == {}
    explained = 0
    with psycopg.connect(cluster_of_module.dsn("city"), cursor_factory=psycopg.ClientCursor) as connection:
        for text, values in seen:
            if text.split()[0] not in ("SELECT", "UPDATE", "DELETE"):
                continue
            told = connection.execute(f"EXPLAIN (FORMAT JSON) {text}", values).fetchone()
            assert told is not None
            plan = told[0][0]["Plan"]
            assert set(tables_of(plan)) <= grown | SMALL, text
            assert not set(scans(plan)) - SMALL, (text, plan)
            explained += 1
    assert explained > 100
