"""Bodies of requests and answers, as the API document shows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Hex = r"^([0-9A-Fa-f]{2})+$"


Milliseconds = Annotated[float, Field(strict=False, ge=0, le=600_000)] | None


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Reader(_In):
    """The card's reader: the ATR that it reports."""

    atr: str = Field(pattern=Hex, max_length=66, examples=["3B8B800120900000000000B0AC2842CC"])


class StartOperation(_In):
    """A job on the card in the reader. ``params`` depend on the kind; amounts are integers in fen."""

    kind: Literal[
        "personalise",
        "open",
        "review",
        "close",
        "topup",
        "fetch",
        "purchase",
        "refund",
        "transfer_out",
        "transfer_in",
        "inspect",
        "block",
        "unblock",
        "migrate",
    ]
    params: dict[str, Any] = Field(examples=[{"amount": 10000, "payment": {"method": "cash"}}])
    reader: Reader


class StepAnswers(_In):
    """The card's answers to the commands of a step, in order: response data and status word, hex."""

    answers: list[str] = Field(min_length=1, max_length=64, examples=[["9000"]])
    timings: list[Milliseconds] | None = Field(default=None, max_length=64, description="milliseconds for each answer")


class Abandon(_In):
    """The card left or the customer went: what came before that, and why."""

    step: int = Field(ge=0)
    answers: list[str] = Field(default_factory=list, max_length=64)
    timings: list[Milliseconds] | None = Field(default=None, max_length=64, description="milliseconds for each answer")
    reason: str = Field(default="card_gone", max_length=64)


class Command(BaseModel):
    """One command for the card. Go on while the status word fits ``expect`` (x is any digit); never log a ``secret`` one."""

    command: str = Field(pattern=Hex)
    name: str
    expect: list[str]
    changes: bool
    secret: bool


class Texts(BaseModel):
    """The same text in Chinese and English."""

    zh: str
    en: str


class Rule(BaseModel):
    """The rule that decided, the version of the rule set, and where the rule comes from."""

    id: str
    version: str
    source: str


class Problem(BaseModel):
    """An error, RFC 9457. ``code`` is stable; ``outcome`` says what became of the request; ``rule`` refused, if one did."""

    type: str
    title: str
    status: int
    code: str
    outcome: Literal["not_done", "done", "unknown"]
    detail: Texts
    next_step: Texts
    rule: Rule | None = None


class OperationReply(BaseModel):
    """Where the operation stands: commands for the card, a result, or a problem."""

    id: str
    state: Literal["card", "done", "failed", "abandoned"]
    step: int
    commands: list[Command]
    expires_at: str | None = None
    result: dict[str, Any] | None = None
    problem: Problem | None = None


class CardView(BaseModel):
    """A card as it stands in the books. ``holder`` only for desks."""

    card_no: str
    state: str
    profile: str
    issue_date: str
    expiry_date: str
    holder: dict[str, Any] | None = None
    applications: dict[str, Any]
    balances: dict[str, int]
    orders: list[dict[str, Any]]
    open_loads: list[str]


class OrderView(BaseModel):
    """An order. ``state``: paid (it waits for the card), written, or returned to the payer."""

    order_id: str
    card_no: str
    channel: str
    product: str
    area: str
    period: str | None = None
    amount: int
    payment: dict[str, Any]
    state: Literal["paid", "written", "returned"]
    paid_at: str
    load_id: str | None = None
    ended_at: str | None = None


class Transactions(BaseModel):
    """Loads and purchases of a card, newest first."""

    transactions: list[dict[str, Any]]


class ReceiptStatement(BaseModel):
    """What a receipt says; amounts in fen, ``at`` in local time, the middle of the card number left out."""

    number: str
    kind: Literal["load", "purchase", "refund"]
    state: str
    card: str
    amount: int
    balance: int | None = None
    at: str
    terminal_no: str


class ReceiptCheck(BaseModel):
    """A receipt that was signed here. ``books``: same, changed since (``now``), or unknown."""

    receipt: ReceiptStatement
    books: Literal["same", "changed", "unknown"]
    now: ReceiptStatement | None = None


class Health(BaseModel):
    """Whether the service runs, or is ready to work."""

    status: Literal["ok"]
