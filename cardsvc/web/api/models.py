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
        "carry_over",
        "review",
        "close",
        "diagnose",
        "stranger",
        "repair",
        "topup",
        "fetch",
        "catch_up",
        "purchase",
        "refund",
        "transfer_out",
        "transfer_in",
        "swap",
        "inspect",
        "identity",
        "first_article",
        "block",
        "unblock",
        "migrate",
    ]
    params: dict[str, Any] = Field(examples=[{"amount": 10000, "payment": {"method": "cash"}}])
    reader: Reader


class MeasuredReader(_In):
    """What the terminal knows of its reader, once for each operation; it shows faults of readers before they cost cards.

    ``power_up_milliseconds``: from the request for a connection to the ATR; ``reconnects``: tries and resets before that one.
    """

    name: str = Field(default="", max_length=128, examples=["ACS ACR1281 1S Dual Reader 00 00"])
    machine: str = Field(default="", max_length=64, description="the host of the reader, where it is not the terminal itself")
    power_up_milliseconds: Milliseconds = None
    reconnects: int = Field(default=0, ge=0, le=1000)


class StepAnswers(_In):
    """The card's answers to the commands of a step, in order: response data and status word, hex."""

    answers: list[str] = Field(min_length=1, max_length=64, examples=[["9000"]])
    timings: list[Milliseconds] | None = Field(default=None, max_length=64, description="milliseconds for each answer")
    reader: MeasuredReader | None = None


class Abandon(_In):
    """The card left or the customer went: what came before that, and why."""

    step: int = Field(ge=0)
    answers: list[str] = Field(default_factory=list, max_length=64)
    timings: list[Milliseconds] | None = Field(default=None, max_length=64, description="milliseconds for each answer")
    reader: MeasuredReader | None = None
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
    source: Texts


class Clock(BaseModel):
    """The service's time and how far a terminal's clock is from it; ``skew_seconds`` is positive when that one is fast."""

    service_time: str = Field(examples=["2026-11-24T04:00:00+00:00"])
    skew_seconds: int = Field(examples=[-412])


class Problem(BaseModel):
    """An error, RFC 9457. ``code`` is stable; ``outcome`` says what became of the request; ``rule`` refused, if one did;
    ``retry_after``: seconds to wait before asking again (also in the header Retry-After); ``clock``: with clock_wrong."""

    type: str
    title: str
    status: int
    code: str
    outcome: Literal["not_done", "done", "unknown"]
    detail: Texts
    next_step: Texts
    rule: Rule | None = None
    retry_after: int | None = None
    clock: Clock | None = None


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
    """A card as it stands in the books. ``holder`` only for desks; ``paid_fees``: paid for openings that are not on it."""

    card_no: str
    state: str
    profile: str
    issue_date: str
    expiry_date: str
    holder: dict[str, Any] | None = None
    applications: dict[str, Any]
    balances: dict[str, int]
    orders: list[dict[str, Any]]
    paid_fees: list[dict[str, Any]]
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
    """Loads, purchases and unloads of a card, newest first."""

    transactions: list[dict[str, Any]]


class ReceiptStatement(BaseModel):
    """What a receipt says; amounts in fen, ``at`` in local time, the middle of the card number left out."""

    number: str
    kind: Literal["load", "purchase", "refund", "fee", "replacement", "payout"]
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


class Session(_In):
    """Sign the terminal on or off."""

    signed_on: bool = Field(examples=[True])


class Limits(BaseModel):
    """What this terminal may do: kinds of operation (null: all of its role), amounts in fen, loads a calendar day."""

    operations: list[str] | None = None
    largest_load: int | None = None
    daily_loads: int | None = None
    daily_amount: int | None = None


class SessionReply(BaseModel):
    """What a terminal needs to begin: its number as it goes onto cards, its limits, the newest hot list, the time."""

    terminal_id: str = Field(examples=["kiosk-7"])
    terminal_no: str = Field(examples=["310000000007"])
    role: Literal["topup", "desk", "channel", "workstation", "office", "bureau"]
    signed_on: bool
    limits: Limits
    hotlist_version: int = Field(examples=[12])
    time: str = Field(examples=["2026-11-24T04:00:00+00:00"])


class NewKey(_In):
    """The public half of the key that follows: Ed25519, 32 bytes, hex."""

    public_key: str = Field(
        pattern="^[0-9A-Fa-f]{64}$", examples=["d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"]
    )


class TerminalKey(BaseModel):
    """A key of a terminal. ``key_id`` goes into keyid after the terminal's id and a slash."""

    key_id: str = Field(examples=["2"])
    algorithm: Literal["ed25519", "hmac-sha256"]
    public_key: str | None
    state: Literal["active", "retiring", "retired"]
    not_before: str
    not_after: str | None
    registered_by: str


class HotListQuery(BaseModel):
    """The version that the terminal has; 0 for none."""

    since: int = Field(default=0, ge=0, le=2**31 - 1, examples=[11])


class HotListLine(BaseModel):
    """A card that was put on the list or taken off, and the version that did it."""

    card_no: str = Field(examples=["3100010100000001"])
    action: Literal["add", "remove"]
    version: int = Field(examples=[12])


class HotList(BaseModel):
    """The hot list: full, or what changed after ``since``.

    ``signature``: Ed25519 under ``public_key``, over the line "cardsvc hotlist KIND SINCE VERSION" and a line "CARD ACTION
    VERSION" for each entry in order, each ended by a line feed. A terminal is given the public key once, by hand, and compares.
    """

    kind: Literal["full", "increment"]
    since: int
    version: int
    entries: list[HotListLine]
    signature: str
    public_key: str


class HotListAck(_In):
    """The version that the terminal has now."""

    version: int = Field(ge=0, le=2**31 - 1, examples=[12])


class HotListAcknowledged(BaseModel):
    """What was noted, and the newest version."""

    version: int
    newest: int


class HotListHolder(BaseModel):
    """A terminal and the version that it has."""

    terminal_id: str
    version: int
    behind: int
    acknowledged_at: str | None


class HotListStatus(BaseModel):
    """Who has which version."""

    version: int
    terminals: list[HotListHolder]


class AgentReader(_In):
    """A reader of a workstation. ``contact``: a new id each time a card comes in; both null while it is empty."""

    name: str = Field(min_length=1, max_length=128)
    atr: str | None = Field(pattern=Hex, max_length=66, examples=["3B8B800120900000000000B0AC2842CC"])
    contact: str | None = Field(min_length=8, max_length=36)


class AgentReport(_In):
    """All readers as they are now. ``session``: one id for one run of the agent; ``new``: its run begins.

    ``face_queue``: the CUPS queue of the card printer beside it; ``face_reader``: the reader inside that printer.
    """

    session: str = Field(min_length=8, max_length=36)
    new: bool
    readers: list[AgentReader] = Field(max_length=16)
    face_queue: str | None = Field(default=None, min_length=1, max_length=127)
    face_reader: str | None = Field(default=None, min_length=1, max_length=128)


class AgentSeen(BaseModel):
    """When the service took the report."""

    time: str = Field(examples=["2026-11-24T04:00:00+00:00"])


class AgentPoll(_In):
    """Asks for work. ``last``: the operation that this agent was given last; ``wait``: seconds."""

    session: str = Field(min_length=8, max_length=36)
    last: str | None = Field(default=None, max_length=36)
    wait: float = Field(default=5, strict=False, ge=0, le=5)


class AgentWork(BaseModel):
    """An operation to carry to the card of this contact; nulls when there is none."""

    reader: str | None
    contact: str | None
    operation: OperationReply | None


class FacePoll(_In):
    """Asks for a card's face to print. ``last``: the print that this run was given last; its PDF does not come again."""

    session: str = Field(min_length=8, max_length=36)
    last: str | None = Field(default=None, max_length=36)


class FaceJob(BaseModel):
    """A face to print as a job of this ``title``. ``again``: an earlier run of the agent had it: it is looked for, never sent;
    ``stop``: it is cancelled; ``pdf``: base64, null where nothing is to be sent."""

    print_id: str
    title: str
    again: bool
    stop: bool
    pdf: str | None


class FaceWork(BaseModel):
    """The face to see to, null when there is none. It comes until its end was told."""

    face: FaceJob | None


class FaceTold(_In):
    """What became of a job: ``sent`` while the queue has it; ``failed``: it never began; ``note``: what the printer says."""

    session: str = Field(min_length=8, max_length=36)
    state: Literal["sent", "printed", "failed", "unknown"]
    note: str | None = Field(default=None, max_length=200)
