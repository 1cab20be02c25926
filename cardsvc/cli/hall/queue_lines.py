"""The queue and its figures as lines that a person reads."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cardsvc.cli.shared.output import listed, said, t, table
from cardsvc.text import Text

if TYPE_CHECKING:
    from cardsvc.rules import RuleSet

SPREAD = {"median": Text("中位", "median"), "longest": Text("最长", "longest")}


def kind_names(rules: "RuleSet") -> dict[str, Text]:
    """What the kinds of tickets are called today."""
    from cardsvc.bootstrap import now
    from cardsvc.rules.hall import ticket_rules
    from cardsvc.service.operations.rule_book import local_day

    return {rule.ticket: Text(rule.name.zh, rule.name.en) for rule in ticket_rules(rules, local_day(now()))}


def ticket_line(found: Mapping[str, Any] | None, names: Mapping[str, Text]) -> str:
    """A number: what it is for, how far it is, and where."""
    from cardsvc.service.words.codes import TICKETS

    if found is None:
        return t("没有人在等", "Nobody waits")
    desk = t(f"  {found['desk']} 号窗口", f"  desk {found['desk']}") if found["desk"] else ""
    return f"{found['number']}  {said(names, found['ticket_type'])}  {said(TICKETS, found['state'])}{desk}"


def queue_lines(found: dict[str, Any], names: Mapping[str, Text]) -> list[str]:
    """Who is called where, and who waits for what and how long."""
    from cardsvc.service.words.codes import TICKETS

    def wait(minutes: int | None) -> str:
        return t("没有窗口办", "no desk open") if minutes is None else t(f"约 {minutes} 分钟", f"about {minutes} min")

    head = (t("号", "Number"), t("办什么", "For"), t("状态", "State"), t("窗口 / 还要等", "Desk / wait"))
    called = [(one["number"], "-", said(TICKETS, one["state"]), one["desk_name"] or one["desk"]) for one in found["called"]]
    waiting = [
        (one["number"], said(names, one["ticket_type"]), said(TICKETS, "waiting"), wait(one["minutes"]))
        for one in found["waiting"]
    ]
    return listed(called + waiting, t("没有人在等，也没有叫到的号", "Nobody waits, and no number is called"), head)


def figure_lines(found: dict[str, Any], names: Mapping[str, Text]) -> list[str]:
    """The figures of a day, one a line."""
    from cardsvc.service.words.codes import TICKETS

    def counted(words: Mapping[str, Text], numbers: Mapping[str, Any]) -> str:
        return t("，", ", ").join(f"{said(words, name)} {number}" for name, number in numbers.items()) or "-"

    return table(
        [
            (t("网点", "Outlet"), found["outlet_id"]),
            (t("日期", "Day"), found["day"]),
            (t("取号", "Numbers taken"), str(found["tickets"])),
            (t("按状态", "By state"), counted(TICKETS, found["by_state"])),
            (t("按业务", "By kind"), counted(names, found["by_type"])),
            (t("按钟点", "By hour"), counted({}, found["by_hour"])),
            (t("等候（分钟）", "Waited (minutes)"), counted(SPREAD, found["waiting_minutes"])),
            (t("办理（分钟）", "Served for (minutes)"), counted(SPREAD, found["serving_minutes"])),
        ]
    )
