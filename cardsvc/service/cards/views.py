"""Read-only views: a card, its transactions, what the ledger says of it."""

import datetime as dt
from typing import Any

from cardsvc.service.operations.known_card import known_card
from cardsvc.service.people.register import citizen_json
from cardsvc.service.purse.fees import waiting_fees
from cardsvc.service.purse.orders import order_json
from cardsvc.store import Store
from cardsvc.store.records import Load, Purchase


def card_view(store: Store, card_no: str) -> dict[str, Any]:
    """A card as it stands in the books. Raises CardError ``card_unknown``."""
    with store.read() as uow:
        card = known_card(uow, card_no)
        citizen = uow.citizens.get(card.citizen_id)
        return {
            "card_no": card.card_no,
            "state": card.state,
            "profile": card.profile,
            "issue_date": card.issue_date.isoformat(),
            "expiry_date": card.expiry_date.isoformat(),
            "holder": citizen_json(citizen) if citizen else None,
            "applications": {
                row.application: {"state": row.state, "product": row.product} for row in uow.applications.of_card(card_no)
            },
            "balances": {name: -amount for name, amount in uow.ledger.balances(card_no).items() if card_no in name},
            "orders": [order_json(order) for order in uow.orders.waiting(card_no)],
            "paid_fees": waiting_fees(uow, card_no),
            "open_loads": [load.load_id for load in uow.loads.open_on(card_no)],
        }


def transactions_view(store: Store, card_no: str) -> list[dict[str, Any]]:
    """Loads, purchases and unloads of a card, newest first."""
    with store.read() as uow:
        known_card(uow, card_no)
        rows: list[Load | Purchase] = [*uow.loads.of_card(card_no), *uow.purchases.of_card(card_no)]
    return [_transaction(row) for row in sorted(rows, key=lambda row: row.authorised_at, reverse=True)]


def _transaction(row: Load | Purchase) -> dict[str, Any]:
    return {
        "kind": "load" if isinstance(row, Load) else row.kind,
        "id": row.load_id if isinstance(row, Load) else row.purchase_id,
        "application": row.application,
        "purse": row.purse,
        "product": row.product if isinstance(row, Load) else None,
        "area": row.area if isinstance(row, Load) else None,
        "amount": row.amount,
        "gift": row.gift if isinstance(row, Load) else 0,
        "state": row.state,
        "settled_by": row.settled_by,
        "terminal_no": row.terminal_no,
        "at": row.authorised_at.isoformat(),
    }


def trial_balance(store: Store, before: dt.datetime | None = None) -> dict[str, Any]:
    """Debits minus credits of every account, before a moment or now; ``total`` is zero in a ledger that agrees."""
    with store.read() as uow:
        accounts = uow.ledger.balances(before=before)
    return {"accounts": accounts, "total": sum(accounts.values())}


def statement(store: Store, account: str, start: dt.datetime, end: dt.datetime) -> dict[str, Any]:
    """What was booked on an account from ``start`` until before ``end``, with the balance before, after each line and at the
    end. Debits are positive."""
    with store.read() as uow:
        opening = running = uow.ledger.balance_of(account, before=start)
        rows = uow.ledger.of_account(account, start, end)
    lines = []
    for row in rows:
        amount = row.amount if row.debit_account == account else -row.amount
        running += amount
        other = row.credit_account if row.debit_account == account else row.debit_account
        line = {"at": row.booked_at.isoformat(), "kind": row.kind, "other": other, "amount": amount, "balance": running}
        lines.append({**line, "chain": row.chain, "number": row.number, "reference": row.reference})
    return {"account": account, "opening": opening, "lines": lines, "closing": running}
