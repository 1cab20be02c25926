"""The kinds of file, column by column. Documented for those who send them in docs/batches.md."""

from collections.abc import Mapping
from dataclasses import dataclass

from cardsvc.card.purse import TransactionType
from cardsvc.service.batches.reading import Format, amount_check, fee_check, matches, moment_check

SPENDING_TYPES = {
    "05": (TransactionType.ED_PURCHASE, "ed"),
    "06": (TransactionType.EP_PURCHASE, "ep"),
    "09": (TransactionType.CAPP_PURCHASE, "ep"),
}
"""Transaction type as the TAC covers it, and the purse that it is from."""


@dataclass(frozen=True, slots=True)
class SpendingLine:
    """A purchase as an operator's file tells it; columns as in store.records.SpendingRecord."""

    line: int
    operator: str
    terminal_no: str
    terminal_transaction: str
    card_no: str
    application: str
    purse: str
    amount: int
    offline_counter: int
    host_date_time: str
    transaction_type: str
    tac: str
    balance_after: int | None

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Card, application, purse and counter: one purchase."""
        return self.card_no, self.application, self.purse, self.offline_counter

    @property
    def transaction(self) -> tuple[str, str, str, int, str, str, str]:
        """Card, application, purse, amount, terminal, its number and time: one purchase, by what its TAC covers."""
        where = self.card_no, self.application, self.purse, self.amount
        return *where, self.terminal_no, self.terminal_transaction, self.host_date_time


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A payment as its channel tells it, or a top-up as its terminal tells it."""

    line: int
    reference: str
    amount: int
    fee: int
    result: str
    occurred_at: str


def _balance_check(value: str) -> str | None:
    return None if value in ("", "0") else amount_check(value)


def _counter_check(value: str) -> str | None:
    """The number before the increment: a card stops at FFFF."""
    return None if value.isascii() and value.isdigit() and len(value) <= 5 and int(value) < 0xFFFF else "not_a_counter"


def spending_format(operator: str) -> Format[SpendingLine]:
    """The file of one operator; a line of another is a bad line."""
    columns = {
        "operator": lambda value: None if value == operator else "not_this_operator",
        "terminal_no": matches(r"[0-9A-Fa-f]{12}", "not_12_hex_digits"),
        "terminal_transaction": matches(r"[0-9A-Fa-f]{8}", "not_8_hex_digits"),
        "card_no": matches(r"[0-9]{16}", "not_16_digits"),
        "application": matches(r"[a-z]{1,16}", "not_an_application"),
        "purse": matches(r"ep|ed", "not_ep_or_ed"),
        "amount": amount_check,
        "offline_counter": _counter_check,
        "date_time": moment_check,
        "type": lambda value: None if value in SPENDING_TYPES else "not_05_06_or_09",
        "tac": matches(r"[0-9A-Fa-f]{8}", "not_8_hex_digits"),
        "balance_after": _balance_check,
    }
    return Format("spending", columns, _spending_line, _type_fits_purse)


def _type_fits_purse(fields: Mapping[str, str]) -> tuple[str, str] | None:
    return None if SPENDING_TYPES[fields["type"]][1] == fields["purse"] else ("type", "not_a_type_of_this_purse")


def _spending_line(line: int, fields: Mapping[str, str]) -> SpendingLine:
    return SpendingLine(
        line=line,
        operator=fields["operator"],
        terminal_no=fields["terminal_no"].lower(),
        terminal_transaction=fields["terminal_transaction"].lower(),
        card_no=fields["card_no"],
        application=fields["application"],
        purse=fields["purse"],
        amount=int(fields["amount"]),
        offline_counter=int(fields["offline_counter"]),
        host_date_time=fields["date_time"],
        transaction_type=fields["type"],
        tac=fields["tac"].lower(),
        balance_after=int(fields["balance_after"]) if fields["balance_after"] else None,
    )


def _statement_line(line: int, fields: Mapping[str, str]) -> StatementLine:
    fee, result = int(fields.get("fee") or 0), fields.get("result", "paid")
    return StatementLine(line, fields["reference"], int(fields["amount"]), fee, result, fields["date_time"])


CHANNEL_FORMAT: Format[StatementLine] = Format(
    "channel",
    {
        "reference": matches(r"[\x21-\x7E]{1,64}", "not_a_reference"),
        "amount": amount_check,
        "date_time": moment_check,
        "fee": fee_check,
    },
    _statement_line,
)
"""What a bank or a mobile payment service took: one payment a line."""

TERMINAL_FORMAT: Format[StatementLine] = Format(
    "terminal",
    {
        "reference": matches(r"[\x21-\x7E]{8,128}", "not_a_reference"),
        "amount": amount_check,
        "date_time": moment_check,
        "result": matches(r"written|not_written|unknown", "not_a_result"),
    },
    _statement_line,
)
"""A terminal's own journal: ``reference`` is the load's id or the idempotency key of its top-up."""
