"""The signed statement on a receipt: everything that matters, short enough for a small QR code.

CR1*kind*state*operation*card*amount*balance*time*terminal*signature

Amounts in fen; balance is empty while only the card knows it; the card number lacks its middle; the signature (Ed25519 over
everything before its star, in base 32 without padding) is checked with the public key alone. The characters are those of a QR
code's alphanumeric mode (ISO/IEC 18004, 7.4.4).
"""

import base64
import binascii
import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.keystore.receipt_key import ReceiptKey, receipt_signature_right

_TEXT = re.compile(
    r"(?P<content>CR1\*(?P<kind>LOAD|PURCHASE|REFUND|FEE|REPLACEMENT|PAYOUT|DEPOSIT)\*(?P<state>[A-Z-]{1,16})\*(?P<operation>[0-9A-F]{32})"
    r"\*(?P<card>[0-9]{6}-[0-9]{4})\*(?P<amount>[0-9]{1,10})\*(?P<balance>[0-9]{0,10})\*(?P<at>[0-9]{14})"
    r"\*(?P<terminal>[0-9A-F]{12}))\*(?P<signature>[A-Z2-7]{103})",
    re.ASCII,
)
_TIME = "%Y%m%d%H%M%S"
MAX_TEXT = 512


@dataclass(frozen=True, slots=True)
class Statement:
    """What a receipt says. ``at`` is local time without a zone, as on the card."""

    kind: str
    state: str
    operation_id: str
    card: str
    amount: int
    balance: int | None
    at: dt.datetime
    terminal_no: str

    @property
    def number(self) -> str:
        """The receipt's number: day, terminal, and the beginning of the operation."""
        return f"{self.at:%Y%m%d}-{self.terminal_no}-{self.operation_id.replace('-', '')[:8].upper()}"

    def content(self) -> str:
        """What is signed."""
        balance = "" if self.balance is None else str(self.balance)
        operation = self.operation_id.replace("-", "").upper()
        fields = (
            self.kind,
            self.state,
            operation,
            self.card,
            str(self.amount),
            balance,
            f"{self.at:{_TIME}}",
            self.terminal_no,
        )
        return "*".join(("CR1", *fields))

    def view(self) -> dict[str, Any]:
        """The statement as it is shown."""
        return {
            "number": self.number,
            "kind": self.kind.lower(),
            "state": self.state.lower(),
            "card": self.card,
            "amount": self.amount,
            "balance": self.balance,
            "at": self.at.isoformat(),
            "terminal_no": self.terminal_no,
        }


def signed(statement: Statement, key: ReceiptKey) -> str:
    """The text for the QR code."""
    content = statement.content()
    return f"{content}*{base64.b32encode(key.sign(content.encode('ascii'))).decode().rstrip('=')}"


def opened(text: str, public_hex: str) -> Statement:
    """The statement in a text, if the signature is right. White space, as of a text that was wrapped, does not count, nor does
    an address before it. Raises RequestError ``receipt_wrong``."""
    found = _TEXT.fullmatch("".join(text.split()).rpartition("/")[2]) if len(text) <= MAX_TEXT else None
    if found is None or not receipt_signature_right(public_hex, _signature(found["signature"]), found["content"].encode()):
        raise RequestError("receipt_wrong")
    operation = found["operation"].lower()
    groups = (operation[:8], operation[8:12], operation[12:16], operation[16:20], operation[20:])
    return Statement(
        found["kind"],
        found["state"],
        "-".join(groups),
        found["card"],
        int(found["amount"]),
        int(found["balance"]) if found["balance"] else None,
        dt.datetime.strptime(found["at"], _TIME),  # noqa: DTZ007 - local time as it stands on the card
        found["terminal"],
    )


def _signature(text: str) -> bytes:
    """The signature; empty when its last character carries bits that decode to nothing."""
    try:
        value = base64.b32decode(text + "=")
    except binascii.Error:
        return b""
    return value if base64.b32encode(value).decode().rstrip("=") == text else b""
