"""What is wrong with a terminal after a scenario, in the words of somebody who has to mend it."""

from collections.abc import Iterator
from dataclasses import dataclass

from cardsvc.cli.certify.line import RETRY_AFTER, SKEW, Seen
from cardsvc.cli.certify.scenarios import BROKEN_RULES, Scenario
from cardsvc.cli.shared.output import t
from cardsvc.text import language_of_environment

NEAR_SECONDS = 60
"""Our clock and the terminal's are of one machine, or nearly: what is farther off was made up."""
PATIENCE = 2
"""So often a terminal may ask again what it was refused for good."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What came of a run: on the card, in the books. ``open``: whether an operation was left open; amounts in fen."""

    balance: int
    booked: int
    loads: int
    confirmed: int
    open: bool


def conduct(seen: Seen) -> Iterator[str]:
    """What the terminal did on the line that no terminal does."""
    for code in dict.fromkeys(seen.codes):
        if code in BROKEN_RULES:
            yield f"{code}: {BROKEN_RULES[code].into(language_of_environment())}"
    if seen.early:
        yield t(
            f"429 之后没有等 Retry-After 的 {RETRY_AFTER} 秒就又发了 {seen.early} 次",
            f"sent {seen.early} times before the {RETRY_AFTER} seconds of Retry-After were over",
        )
    guessed = [offset for offset in seen.offsets if min(abs(offset), abs(offset - SKEW)) > NEAR_SECONDS]
    if guessed:
        yield t(
            f"猜时间：签名时间偏了 {guessed[0]:+.0f} 秒，服务说的是 {-SKEW:+d}；应校时或停下，不要试",
            f"guessed the time: signed {guessed[0]:+.0f} s off, where the service said {-SKEW:+d}; set the clock or stop",
        )
    refused = sum(code in ("clock_wrong", "terminal_suspended") for code in seen.codes)
    if refused > PATIENCE:
        yield t(
            f"被 {seen.codes[-1]} 拒绝后还重发，共 {refused} 次：这不会自己变好，应停下并通知管理员",
            f"went on sending after {seen.codes[-1]}, {refused} times: that mends nothing; stop and tell the administrator",
        )


def outcome(scenario: Scenario, said: str, truth: Truth) -> Iterator[str]:
    """What was said is held against what is."""
    if said not in scenario.results:
        expected = t(" 或 ", " or ").join(scenario.results)
        yield t(f"说的是 {said}，应为 {expected}", f"said {said}, expected {expected}")
    if truth.open and not scenario.may_stay_open:
        yield t("没有交代就丢下了业务（应 abandon）", "left its operation open without a word (abandon)")
    if truth.loads > scenario.customers:
        yield t(
            f"顾客 {scenario.customers} 位，充值 {truth.loads} 笔：重试时换了 Idempotency-Key",
            f"customers: {scenario.customers}, loads: {truth.loads}: a retry with a new Idempotency-Key",
        )
    if truth.balance != truth.booked:
        yield t(f"卡上 {truth.balance}，账上 {truth.booked}", f"card {truth.balance}, books {truth.booked}")
    if said == "done" and truth.confirmed != scenario.customers:
        yield t("说成功了，卡上却没有", "said done, but the card has no load")
    if said == "failed" and truth.confirmed:
        yield t("说失败了，卡上却有钱", "said failed, but the card has the money")
    if scenario.card == "cancelled" and truth.confirmed:
        yield t("顾客取消了，还是充进去了", "loaded although the customer had cancelled")


def list_differences(held: set[str], true: set[str], acknowledged: int, version: int) -> Iterator[str]:
    """A terminal's hot list against the one that is."""
    if missing := true - held:
        yield t(f"名单缺 {len(missing)} 张：{min(missing)}", f"the list lacks {len(missing)} cards: {min(missing)}")
    if extra := held - true:
        yield t(
            f"名单多 {len(extra)} 张（全量应替换，不应合并；签名不对的不应采用）：{min(extra)}",
            f"the list has {len(extra)} too many (a full list replaces, a forged one is not taken): {min(extra)}",
        )
    if acknowledged != version:
        yield t(
            f"回执说第 {acknowledged} 版，名单是第 {version} 版",
            f"acknowledged version {acknowledged}, the list is version {version}",
        )
