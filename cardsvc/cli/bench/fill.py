"""Filling a database for ``cardsvc bench topup``: cards, their loads and a ledger whose hash chains hold."""

import datetime as dt
import uuid
from typing import Any

from cardsvc.cli.scratch.people import synthetic_person
from cardsvc.cli.shared.progress import progress_bar

FIRST_CARD = 10_000_000
"""Running number of the first filled card: eight digits without zeros before them, away from cards that are issued."""
LOADS_A_CARD = 10
ROWS_A_CARD = 2 * LOADS_A_CARD
PART = 500
AMOUNT = 5000


def card_number(number: int) -> str:
    """The number of a filled card, counted from 0."""
    return f"31000101{FIRST_CARD + number}"


def ledger_rows(opened: Any) -> int:
    """How many rows the ledger has."""
    with opened.store.read() as uow:
        lines: int = uow.ledger.lines()
    return lines


def fill(opened: Any, rows: int, title: str) -> int:
    """Fill until the ledger has so many rows; returns how many cards there are."""
    from cardsvc.bootstrap import now
    from cardsvc.service.people.register import register_citizen

    with opened.store.read() as uow:
        highest = uow.cards.highest_number(f"31000101{str(FIRST_CARD)[0]}")
    begun = int(highest[-8:]) - FIRST_CARD + 1 if highest else 0
    ended = begun + max(0, -(-(rows - ledger_rows(opened)) // ROWS_A_CARD))
    citizen_id = register_citizen(opened.store, synthetic_person(0), now()).citizen_id
    with progress_bar(title) as progress:
        for first in range(begun, ended, PART):
            numbers = range(first, min(first + PART, ended))
            _fill_part(opened, numbers, citizen_id, now() - dt.timedelta(days=40))
            progress(numbers[-1] + 1 - begun, ended - begun)
    return ended


def _fill_part(opened: Any, numbers: range, citizen_id: str, moment: dt.datetime) -> None:
    """These cards with their loads, as confirmed top-ups leave them."""
    from cardsvc.store.filling import fill_rows
    from cardsvc.store.records import Card

    versions, profile, day = opened.engine.keystore.versions(), opened.profiles[0].id, moment.date()
    cards = [card_number(number) for number in numbers]
    loads = [_load(card_no, counter, moment, versions) for card_no in cards for counter in range(LOADS_A_CARD)]
    with opened.store.begin() as uow:
        made = [
            Card(no, f"{no}0000", profile, "issued", citizen_id, no[-9:], day, day, versions, moment, moment) for no in cards
        ]
        fill_rows(uow.cards, made)
        fill_rows(uow.loads, loads)
        fill_rows(uow.ledger, _transfers(loads, moment))
        uow.commit()


def _transfers(loads: list[Any], moment: dt.datetime) -> list[Any]:
    """The lines of these loads, each card's in a chain from its beginning."""
    from cardsvc.ledger import chain, postings
    from cardsvc.store.records import Transfer

    made: list[Any] = []
    heads: dict[str, tuple[int, str]] = {}
    for load in loads:
        purse = postings.purse_account(load.card_no, "purse", "ep")
        taken = postings.load_authorised(load.card_no, load.source_account, AMOUNT)
        for posting in (taken, postings.load_confirmed(load.card_no, purse, AMOUNT)):
            number, previous = heads.get(load.card_no, (0, chain.FIRST))
            sides = posting.debit, posting.credit
            content = (load.card_no, number + 1, posting.kind, *sides, posting.amount, load.load_id, moment)
            made.append(Transfer(*content, previous, chain.link(previous, content)))
            heads[load.card_no] = number + 1, made[-1].hash
    return made


def _load(card_no: str, counter: int, moment: dt.datetime, versions: dict[str, int]) -> Any:
    from cardsvc.store.records import Load

    return Load(
        card_no=card_no,
        load_id=str(uuid.uuid4()),
        operation_id=str(uuid.uuid4()),
        application="purse",
        purse="ep",
        product="citizen",
        area="purse",
        first_month=None,
        last_month=None,
        amount=AMOUNT,
        gift=0,
        state="confirmed",
        terminal_no="310000000001",
        balance_before=AMOUNT * counter,
        card_random="00000000",
        host_date_time=f"{moment:%Y%m%d%H%M%S}",
        key_versions=dict(versions),
        authorised_at=moment,
        actor_kind="terminal",
        actor_id="bench",
        payment_method="cash",
        payment_reference=None,
        rule_version="bench",
        online_counter=counter,
        source_account="clearing:terminal:bench",
        settled_by="tac",
        ended_at=moment,
    )
