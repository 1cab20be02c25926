"""Receipts: what a citizen takes away, with a signed statement that anybody can check (statement.py).

A receipt says what the books say when it is printed. A suspect load gets one too: the citizen has paid, and needs paper for it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cardsvc.errors import OperationError, RequestError
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.ledger.states import LoadState, PurchaseState
from cardsvc.printing.receipt import Slip, as_escpos, as_pdf, as_text
from cardsvc.service.books.statement import Statement, opened, signed
from cardsvc.service.cards.application_names import opening_name
from cardsvc.service.cards.replacement import REASON_WORDS
from cardsvc.service.operations.known_card import known_card
from cardsvc.service.purse.area_names import purse_name
from cardsvc.service.purse.claims import HOST_TIME
from cardsvc.service.purse.settle import REFUND
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import ApplicationFee, Deposit, HeldPayout, Load, Purchase, Replacement
from cardsvc.text import Language, Text
from cardsvc.units import LOCAL, format_yuan

KINDS = {
    "LOAD": Text("充值", "Top-up"),
    "PURCHASE": Text("消费", "Purchase"),
    "REFUND": Text("退款", "Refund"),
    "FEE": Text("开通收费", "Fee of an application"),
    "REPLACEMENT": Text("补换卡工本费", "Fee of a replacement"),
    "PAYOUT": Text("退旧卡代管余额", "Held money paid back"),
    "DEPOSIT": Text("押金", "Deposit"),
}
STATES = {
    "CONFIRMED": Text("成功", "Done"),
    "REFUNDED": Text("未写卡，款已退回", "Not on the card, paid back"),
    "REWRITTEN": Text("已另行补写", "Written with another load"),
    "NOT-WRITTEN": Text("未写卡，待退款", "Not on the card, to be paid back"),
    "SUSPECT": Text("待核实：请持卡到任一终端或柜台", "To be settled: present the card anywhere"),
    "NOT-DEBITED": Text("未扣款", "Not taken"),
    "PAID-BACK": Text("工本费已退回", "The fee was paid back"),
    "TAKEN": Text("押金已收，凭此退还", "Taken: it goes back for this"),
    "RETURNED": Text("押金已退", "The deposit went back"),
}
OF_FEES = {
    **STATES,
    "SUSPECT": Text("待核实：请持卡到任一柜台", "To be settled: present the card at any desk"),
    "NOT-WRITTEN": Text("没有写上：重新开通不用再付，不要了可退款", "Not on the card: it pays for opening again, or goes back"),
}
METHODS = {
    "cash": Text("现金", "cash"),
    "bank_card": Text("银行卡", "bank card"),
    "mobile": Text("手机支付", "mobile"),
    "credit_card": Text("信用卡", "credit card"),
    "transfer": Text("转账", "transfer"),
    "order": Text("网上已付", "paid online"),
    "old_card": Text("旧卡转入", "from the old card"),
    "books_restored": Text("账册恢复后按卡补记", "booked from the card after a restore"),
}

DEPOSITS = {
    "T": Text("通用卡（T）押金", "Deposit of a bearer card (T)"),
    "C": Text("老年优惠卡（C）押金", "Deposit of a senior card (C)"),
    "travel": Text("旅游卡押金", "Deposit of a travel card"),
    "library": Text("图书馆押金", "Library deposit"),
}
PIECES = {"held_fee": Text("手续费", "Fee"), "held_gift": Text("扣回赠送", "Gift taken back")}


Fee = ApplicationFee | Replacement
WithoutCard = Fee | HeldPayout | Deposit
"""What is paid without a word to the card: its own number stands for an operation, and no terminal number on it."""
Paid = Load | Purchase | WithoutCard
NO_TERMINAL = "0" * 12


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt: ``rows`` of label and value as they are printed, and the signed text for the QR code."""

    statement: Statement
    rows: tuple[tuple[Text, Text], ...]
    signed_text: str


def masked_card_no(card_no: str) -> str:
    """A card number as it may be printed: first 6 and last 4 digits (JR/T 0025 receipts hide the middle)."""
    return f"{card_no[:6]}-{card_no[-4:]}"


def receipt_of(store: Store, key: ReceiptKey, card_no: str, identifier: str) -> Receipt:
    """The receipt of a load, purchase or fee. Raises CardError ``card_unknown``, RequestError ``transaction_unknown``,
    OperationError ``receipt_not_yet`` while the card has not answered."""
    with store.read() as uow:
        known_card(uow, card_no)
        row: Paid | None = uow.loads.get(card_no, identifier) or uow.purchases.get(card_no, identifier)
        row = row or uow.application_fees.of_operation(card_no, identifier) or _numbered(uow, identifier, card_no)
        if row is None:
            raise RequestError("transaction_unknown")
        statement = _statement(uow, row)
        rows = _rows(uow, row, statement)
    return Receipt(statement, rows, signed(statement, key))


def _numbered(uow: UnitOfWork, identifier: str, card_no: str | None = None) -> Replacement | HeldPayout | Deposit | None:
    """A replacement that cost something, a payout or a deposit, by its number; of this card, where one is named."""
    row = uow.replacements.get(identifier)
    other = uow.held_payouts.by_id(identifier) or uow.deposits.get(identifier)
    if other is not None:
        return other if card_no in (None, other.card_no) else None
    return row if row and row.fee and card_no in (None, row.old_card_no) else None


def _without_card(row: WithoutCard) -> Statement:
    """What the books say of something that was paid without the card."""
    if isinstance(row, ApplicationFee):
        kind, state, number, card_no = "FEE", row.state.replace("_", "-").upper(), row.fee_id, row.card_no
        amount, taken = row.amount, row.taken_at
    elif isinstance(row, HeldPayout):
        kind, state, number, card_no = "PAYOUT", "CONFIRMED", row.payout_id, row.card_no
        amount, taken = row.returned, row.paid_at
    elif isinstance(row, Deposit):
        kind, state, number, card_no = "DEPOSIT", row.state.upper(), row.deposit_id, row.card_no
        amount = row.amount if row.returned is None else row.returned
        taken = row.returned_at or row.taken_at or dt.datetime.combine(row.taken_on, dt.time(), LOCAL)
    else:
        kind, state, number = "REPLACEMENT", "PAID-BACK" if row.back_at else "CONFIRMED", row.replacement_id
        card_no, amount, taken = row.old_card_no, row.fee, row.asked_at
    at = taken.astimezone(LOCAL).replace(tzinfo=None, microsecond=0)
    return Statement(kind, state, number, masked_card_no(card_no), amount, None, at, NO_TERMINAL)


def _statement(uow: UnitOfWork, row: Paid) -> Statement:
    """What the books say of a payment now."""
    if isinstance(row, WithoutCard):
        return _answered(_without_card(row))
    state = row.state.replace("_", "-").upper()
    refund = uow.refunds.get(row.card_no, row.purchase_id) if isinstance(row, Purchase) and row.merchant == REFUND else None
    amount = row.paid if isinstance(row, Load) else refund.returned if refund else row.amount
    kind = "LOAD" if isinstance(row, Load) else "REFUND" if refund else "PURCHASE"
    statement = Statement(
        kind=kind,
        state=state,
        operation_id=row.operation_id,
        card=masked_card_no(row.card_no),
        amount=amount,
        balance=_balance(row),
        at=dt.datetime.strptime(row.host_date_time, HOST_TIME),  # noqa: DTZ007 - local time as it stands on the card
        terminal_no=row.terminal_no.upper(),
    )
    return _answered(statement)


def _answered(statement: Statement) -> Statement:
    """Nothing is said of what the card has not answered yet."""
    if statement.state not in STATES:
        raise OperationError("receipt_not_yet")
    return statement


def _balance(row: Load | Purchase) -> int | None:
    """What was in the purse after it, in fen; None while only the card knows."""
    if row.state in (LoadState.SUSPECT, PurchaseState.SUSPECT):
        return None
    if row.state != LoadState.CONFIRMED:
        return row.balance_before
    return row.balance_before + (row.amount if isinstance(row, Load) else -row.amount)


def _rows(uow: UnitOfWork, row: Paid, statement: Statement) -> tuple[tuple[Text, Text], ...]:
    rows = [
        (Text("单号", "No."), _plain(statement.number)),
        (Text("业务", "Job"), KINDS[statement.kind]),
        (Text("卡号", "Card"), _plain(statement.card.replace("-", "******"))),
        (Text("时间", "Time"), _plain(f"{statement.at:%Y-%m-%d %H:%M:%S}")),
        (Text("终端", "Terminal"), _plain(statement.terminal_no)),
    ]
    if isinstance(row, Load):
        rows += _load_rows(row)
    if isinstance(row, Fee):
        what = opening_name(row.application, row.product) if isinstance(row, ApplicationFee) else REASON_WORDS[row.reason]
        rows += [(Text("项目", "For"), what), (Text("付款", "Paid by"), METHODS[row.payment_method or "cash"])]
    if isinstance(row, HeldPayout):
        rows += [(Text("代管余额", "Was held"), _yuan(row.amount)), *_ways_back(row)]
    if isinstance(row, Deposit):
        rows += _deposit_rows(row)
    refund = uow.refunds.get(row.card_no, row.purchase_id) if isinstance(row, Purchase) else None
    if refund is not None:
        rows += [(Text("卡内余额", "Was on the card"), _yuan(refund.balance)), (Text("手续费", "Fee"), _yuan(refund.fee))]
    rows.append((Text("金额", "Amount"), _yuan(statement.amount)))
    rows += _change_rows(uow, row)
    if statement.balance is not None:
        rows.append((Text("余额", "Balance"), _yuan(statement.balance)))
    return (*rows, (Text("结果", "Result"), (OF_FEES if statement.kind == "FEE" else STATES)[statement.state]))


def _change_rows(uow: UnitOfWork, row: Paid) -> list[tuple[Text, Text]]:
    """What was handed over and what went back, where the teller typed it."""
    card_no, number = (
        (row.old_card_no, row.replacement_id) if isinstance(row, Replacement) else (row.card_no, _operation_of(row))
    )
    given = uow.cash_given.get(card_no, number)
    return [(Text("收现金", "Cash given"), _yuan(given.given)), (Text("找零", "Change"), _yuan(given.change))] if given else []


def _operation_of(row: Load | Purchase | ApplicationFee | HeldPayout | Deposit) -> str:
    if isinstance(row, Deposit):
        return row.deposit_id
    if isinstance(row, ApplicationFee):
        return row.fee_id
    return row.payout_id if isinstance(row, HeldPayout) else row.operation_id


def _deposit_rows(row: Deposit) -> list[tuple[Text, Text]]:
    """What it was taken for and how; of one that went back, what its use took off."""
    what = [
        (Text("项目", "For"), DEPOSITS.get(row.product, _plain(row.product))),
        (Text("付款", "Paid by"), METHODS[row.payment_method]),
    ]
    if row.returned is None:
        return what
    return [
        *what,
        (Text("收过", "Was taken"), _yuan(row.amount)),
        (Text("折旧", "Depreciation"), _yuan(row.amount - row.returned)),
    ]


def _ways_back(payout: HeldPayout) -> list[tuple[Text, Text]]:
    """Each way that the money went, and what was kept."""
    rows = []
    for piece in payout.payouts:
        kind, _, channel = piece["account"].partition(":")
        way = METHODS.get(channel, METHODS["order"]) if kind == "payout" else METHODS["cash"]
        rows.append((PIECES.get(piece["kind"], way), _yuan(piece["amount"])))
    return rows


def _load_rows(load: Load) -> list[tuple[Text, Text]]:
    rows = [
        (Text("产品", "Product"), purse_name(load.product, load.area)),
        (Text("付款", "Paid by"), METHODS[load.payment_method]),
    ]
    if load.gift:
        rows.append((Text("赠送", "Gift"), _yuan(load.gift)))
    if load.first_month and load.last_month:
        months = f"{load.first_month:%Y-%m}" + (f"..{load.last_month:%Y-%m}" if load.last_month != load.first_month else "")
        rows.append((Text("月份", "Month"), _plain(months)))
    return rows


def _plain(value: str) -> Text:
    return Text(value, value)


def _yuan(amount: int) -> Text:
    return _plain(format_yuan(amount))


def money_of(store: Store, card_no: str, operation_id: str) -> dict[str, Any] | None:
    """What became of the money of an operation: ``id`` of its load or purchase, ``amount`` paid in fen, ``state`` (Text, None
    while the card has not answered). None where it moved none."""
    with store.read() as uow:
        row = _of_operation(uow, card_no, operation_id)
    if row is None:
        return None
    if isinstance(row, WithoutCard):
        paid = _without_card(row)
        words = OF_FEES if isinstance(row, ApplicationFee) else STATES
        return {"id": paid.operation_id, "load": False, "amount": paid.amount, "state": words.get(paid.state)}
    load = isinstance(row, Load)
    state = STATES.get(row.state.replace("_", "-").upper())
    amount = row.paid if isinstance(row, Load) else row.amount
    return {"id": row.load_id if isinstance(row, Load) else row.purchase_id, "load": load, "amount": amount, "state": state}


def _of_operation(uow: UnitOfWork, card_no: str, operation_id: str) -> Paid | None:
    """What an operation moved: a load, a purchase or a fee."""
    row = uow.loads.of_operation(card_no, operation_id) or uow.purchases.of_operation(card_no, operation_id)
    return row or uow.application_fees.of_operation(card_no, operation_id)


def check_receipt(store: Store, public_hex: str, text: str) -> dict[str, Any]:
    """Check a receipt's signed text, and what the books say about it now.

    ``books``: same, changed (``now`` says to what), or unknown: signed here, and no longer in these books. Raises RequestError
    ``receipt_wrong`` when the text or its signature is not right.
    """
    statement = opened(text, public_hex)
    with store.read() as uow:
        operation = uow.operations.get(statement.operation_id)
        card_no = operation.card_no if operation is not None else None
        row = _of_operation(uow, card_no, statement.operation_id) if card_no else _numbered(uow, statement.operation_id)
        now = _statement(uow, row) if row is not None else None
    books = "unknown" if now is None else "same" if now == statement else "changed"
    return {"receipt": statement.view(), "books": books, "now": now.view() if now else None}


def printed(receipt: Receipt, form: str, language: Language, public_url: str | None) -> bytes:
    """A receipt on paper. ``form``: text58, text80, escpos58, escpos80 or pdf. With ``public_url`` the code is an address that
    a phone opens; without, the signed text alone."""
    code = receipt.signed_text if public_url is None else f"{public_url.rstrip('/')}/receipts/{receipt.signed_text}"
    slip = Slip(
        title=Text("市民卡凭证", "Citizen card receipt").into(language),
        rows=[(label.into(language), value.into(language)) for label, value in receipt.rows],
        code=code,
        hint=Text("扫码核验", "Scan to check").into(language),
    )
    if form == "pdf":
        return as_pdf(slip)
    roll = form[-2:]
    return as_escpos(slip, roll) if form.startswith("escpos") else as_text(slip, roll).encode()
