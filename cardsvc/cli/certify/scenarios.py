"""What is played against a terminal, as data: what goes wrong, at which request, and what must come of it."""

from dataclasses import dataclass
from typing import Literal

from cardsvc.text import Text

Trouble = Literal[
    "none",
    "request_lost",
    "reply_lost",
    "duplicated",
    "reordered",
    "delayed",
    "unavailable",
    "reset",
    "truncated",
    "slow",
    "too_many",
    "old_reply",
    "clock",
    "suspended",
    "missed",
    "whole",
    "forged",
]
CardTrouble = Literal["none", "pulled_before", "pulled_after", "swapped", "refuses", "cancelled", "crashed"]
REQUESTS = (1, 2, 3, 4)
"""A top-up is this many requests at least: the start, then a step each for identifying, initialising and crediting."""
OPERATIONS, HOT_LIST = "/api/v1/operations", "/api/v1/hotlist"
"""What is counted begins like this: a terminal may sign on, or ask for its limits, whenever it likes."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run. ``request``: the number of the request about the job that the line spoils; ``results``: what the terminal may
    then say.

    ``pulled_before`` and ``pulled_after`` are before and after the card was told CREDIT FOR LOAD; ``crashed``: the program is
    killed after it, and started again with the same card. Whatever it says, card, books and what was said must agree, and no
    money may move twice. ``may_stay_open``: the terminal cannot tell the service any more. ``customers``: one for each start.
    """

    name: str
    line: Trouble = "none"
    request: int = 0
    card: CardTrouble = "none"
    results: tuple[str, ...] = ("done",)
    may_stay_open: bool = False
    customers: int = 1
    counted = OPERATIONS


@dataclass(frozen=True, slots=True)
class ListScenario:
    """One update of the hot list, and what the line makes of the first answer to it: an increment that begins after the one
    that was missed, the whole list, or one that is forged. Afterwards the terminal must hold the list as it is."""

    name: str
    line: Trouble = "none"
    request = 1
    counted = HOT_LIST


_LINES: tuple[Trouble, ...] = (
    "request_lost",
    "reply_lost",
    "duplicated",
    "reordered",
    "delayed",
    "unavailable",
    "reset",
    "truncated",
    "slow",
)

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("nothing_wrong"),
    *(Scenario(f"{line}_{request}", line, request) for line in _LINES for request in REQUESTS),
    Scenario("too_many_1", "too_many", 1),
    Scenario("too_many_4", "too_many", 4),
    Scenario("old_reply_3", "old_reply", 3),
    Scenario("clock_wrong_1", "clock", 1, results=("failed", "done")),
    Scenario("clock_wrong_4", "clock", 4, results=("unknown", "done"), may_stay_open=True),
    Scenario("suspended_1", "suspended", 1, results=("failed",)),
    Scenario("suspended_3", "suspended", 3, results=("failed", "unknown")),
    Scenario("suspended_4", "suspended", 4),
    Scenario("card_refuses", card="refuses", results=("failed",)),
    Scenario("customer_cancels", card="cancelled", results=("failed", "unknown")),
    Scenario("card_pulled_before_credit", card="pulled_before", results=("failed", "unknown")),
    Scenario("card_pulled_after_credit", card="pulled_after", results=("unknown",)),
    Scenario("card_swapped_before_credit", card="swapped", results=("failed", "unknown")),
    Scenario("terminal_crashed", card="crashed", results=("done", "unknown"), customers=2),
)

LIST_SCENARIOS: tuple[ListScenario, ...] = (
    ListScenario("hot_list"),
    ListScenario("hot_list_increment_missed", "missed"),
    ListScenario("hot_list_whole_again", "whole"),
    ListScenario("hot_list_forged", "forged"),
)

BROKEN_RULES: dict[str, Text] = {
    "answers_do_not_fit": Text(
        "应答条数与指令不符：遇到第一个不在 expect 内的状态字就停，把已有的应答都交上来",
        "answers do not fit the commands: stop at the first status outside expect, and post all that came",
    ),
    "answers_malformed": Text("应答不是十六进制的数据加状态字", "an answer is not data and status word in hex"),
    "step_already_passed": Text(
        "把已经交过的步骤又在卡上做了一遍：收到旧步骤的回答时应 GET /operations/{id} 查当前步骤",
        "carried a step out again that was posted already: on a reply with an old step, GET /operations/{id}",
    ),
    "step_out_of_order": Text("跳过了步骤", "skipped a step"),
    "request_replayed": Text("重发时没有换 nonce 重新签名", "sent again without a new nonce and signature"),
    "idempotency_key_reused": Text("一个 Idempotency-Key 用于两笔业务", "used one Idempotency-Key for two jobs"),
    "idempotency_key_missing": Text("开始业务没有 Idempotency-Key", "began a job without an Idempotency-Key"),
    "signature_wrong": Text("签名不对", "signed wrongly"),
    "signature_missing": Text("没有签名", "did not sign"),
    "params_invalid": Text("请求体与接口文档不符", "sent a body that does not fit the API document"),
    "http_malformed": Text("请求体不是 JSON 对象", "sent a body that is no JSON object"),
}
"""What the service refuses only from a terminal that does not do what the page says."""
