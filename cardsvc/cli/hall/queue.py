"""``cardsvc queue``: numbers, desks, calling; what the ticket machine, the guides and the desks do."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.hall.queue_lines import figure_lines, kind_names, queue_lines, ticket_line
from cardsvc.cli.shared.database import known_outlet
from cardsvc.cli.shared.days import DAY
from cardsvc.cli.shared.output import json_option, said, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.text import Text, language_of_environment

if TYPE_CHECKING:
    from cardsvc.rules import RuleSet
    from cardsvc.store import Store
    from cardsvc.store.records import Desk, Staff, Ticket

outlet_option = click.option("--outlet", "outlet_id", required=True, help=t("网点编号", "Outlet id"))


@click.group(help=t("排队：取号、叫号、过号、换号", "The queue: numbers, calling, missed and wrong tickets"))
def queue() -> None:
    """Group of queue commands."""


def with_rules(action: Callable[["Store", "RuleSet"], Any]) -> Any:
    """Do something with the database and today's rules."""
    from cardsvc.bootstrap import now, open_database, todays_rules
    from cardsvc.config import Settings

    settings = Settings()
    store = open_database(settings)
    try:
        return action(store, todays_rules(settings, store, now()))
    finally:
        store.close()


def _ticket(action: Callable[["Store", "RuleSet"], "Ticket | None"], *, as_json: bool) -> None:
    from cardsvc.service.hall.tickets import ticket_view

    ticket, rules = with_rules(lambda store, rules: (action(store, rules), rules))
    found = ticket_view(ticket) if ticket is not None else None
    show(found, as_json=as_json, lines=lambda: [ticket_line(found, kind_names(rules))])


@queue.command(help=t("有哪些号、绿色通道事由，办每件事要带什么", "Kinds of tickets, green channel reasons, papers to bring"))
@click.option(
    "--who",
    type=click.Choice(["holder", "parent", "agent"]),
    default="holder",
    show_default=True,
    help=t("谁来办：本人、父母、他人", "Who comes: the holder, a parent, somebody else"),
)
@json_option
def kinds(who: Any, *, as_json: bool) -> None:
    """Kinds of tickets."""
    from cardsvc.bootstrap import now
    from cardsvc.rules.hall import green_rules, papers, ticket_rules
    from cardsvc.service.operations.rule_book import local_day

    day = local_day(now())

    def read(_store: "Store", rules: "RuleSet") -> dict[str, Any]:
        return {
            "tickets": [
                {
                    "ticket": rule.ticket,
                    "name": rule.name.model_dump(),
                    "papers": [p.model_dump() for found in papers(rules, rule.jobs, who, day) for p in found.papers],
                }
                for rule in ticket_rules(rules, day)
            ],
            "green": [{"reason": rule.reason, "name": rule.name.model_dump()} for rule in green_rules(rules, day)],
        }

    found = with_rules(read)
    language = language_of_environment()
    head = (t("代号", "Code"), t("名称", "Name"), t("要带什么", "What to bring"))
    lines = [
        (k["ticket"], k["name"][language], t("；", "; ").join(dict.fromkeys(p[language] for p in k["papers"])) or "-")
        for k in found["tickets"]
    ]
    green = [(g["reason"], g["name"][language], t("绿色通道的事由", "reason for the green channel")) for g in found["green"]]
    show(found, as_json=as_json, lines=lambda: table([head, *lines, *green]))


@queue.command(help=t("取号", "Take a number"))
@click.argument("ticket_type")
@outlet_option
@click.option("--as", "staff_id", default="", help=t("主管：关门后也能发号", "A supervisor gives one after closing, too"))
@json_option
def take(ticket_type: str, outlet_id: str, staff_id: str, *, as_json: bool) -> None:
    """Take a number."""
    from cardsvc.bootstrap import now
    from cardsvc.service.hall.tickets import take as take_number

    def work(store: "Store", rules: "RuleSet") -> "Ticket":
        by = signed_in(store, staff_id) if staff_id else None
        return take_number(store, rules, outlet_id, ticket_type, now(), by=by)

    _ticket(work, as_json=as_json)


@queue.command(help=t("绿色通道：不用排队，写明事由", "Green channel: first of all, with the reason"))
@click.argument("ticket_type")
@click.option("--reason", required=True, help=t("事由，见 queue kinds", "Reason, see queue kinds"))
@as_option
@json_option
def green(ticket_type: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Give a number of the green channel."""
    from cardsvc.bootstrap import now
    from cardsvc.service.hall.tickets import take as take_number

    def work(store: "Store", rules: "RuleSet") -> "Ticket":
        by = signed_in(store, staff_id)
        return take_number(store, rules, by.outlet_id, ticket_type, now(), by=by, green_reason=reason)

    _ticket(work, as_json=as_json)


@queue.command("open", help=t("开窗口；--serves 只办这些号", "Open a desk; --serves: only these kinds"))
@click.argument("desk")
@click.option("--serves", multiple=True, help=t("办哪些号，可多次给出", "Kinds of tickets, may be given several times"))
@as_option
@json_option
def open_(desk: str, serves: tuple[str, ...], staff_id: str, *, as_json: bool) -> None:
    """Open a desk."""
    from cardsvc.bootstrap import now
    from cardsvc.service.hall.desks import open_desk

    def work(store: "Store", rules: "RuleSet") -> "tuple[Desk, dict[str, Text]]":
        return open_desk(store, rules, desk, serves, by=signed_in(store, staff_id), now=now()), kind_names(rules)

    opened, names = with_rules(work)
    kinds = t("、", ", ").join(said(names, kind) for kind in opened.ticket_types)
    line = t(f"{opened.desk} 号窗口已开：{kinds}", f"Desk {opened.desk} is open: {kinds}")
    show({"desk": opened.desk, "ticket_types": opened.ticket_types}, as_json=as_json, lines=lambda: [line])


@queue.command(help=t("停办", "Close the desk"))
@as_option
@json_option
def close(staff_id: str, *, as_json: bool) -> None:
    """Close one's desk."""
    from cardsvc.bootstrap import now
    from cardsvc.service.hall.desks import close_desk

    closed = with_rules(lambda store, _rules: close_desk(store, by=signed_in(store, staff_id), now=now()))
    line = t(f"{closed.desk} 号窗口已停办", f"Desk {closed.desk} is closed")
    show({"desk": closed.desk}, as_json=as_json, lines=lambda: [line])


def _desk_command(
    name: str, zh: str, en: str, work: Callable[["Store", "RuleSet", "Staff", Any], "Ticket | None"]
) -> click.Command:
    """A command of one's own desk."""

    @queue.command(name, help=t(zh, en))
    @as_option
    @json_option
    def command(staff_id: str, *, as_json: bool) -> None:
        from cardsvc.bootstrap import now

        _ticket(lambda store, rules: work(store, rules, signed_in(store, staff_id), now()), as_json=as_json)

    return command


def _number_command(
    name: str, zh: str, en: str, work: Callable[["Store", "RuleSet", str, "Staff", Any], "Ticket"]
) -> click.Command:
    """A command about a number."""

    @queue.command(name, help=t(zh, en))
    @click.argument("number")
    @as_option
    @json_option
    def command(number: str, staff_id: str, *, as_json: bool) -> None:
        from cardsvc.bootstrap import now

        _ticket(lambda store, rules: work(store, rules, number, signed_in(store, staff_id), now()), as_json=as_json)

    return command


def _call_next(store: "Store", _rules: "RuleSet", by: "Staff", now: Any) -> "Ticket | None":
    from cardsvc.service.hall.desks import call_next

    return call_next(store, by=by, now=now)


def _call_again(store: "Store", rules: "RuleSet", by: "Staff", now: Any) -> "Ticket":
    from cardsvc.service.hall.desks import call_again

    return call_again(store, rules, by=by, now=now)


def _serve(store: "Store", _rules: "RuleSet", by: "Staff", now: Any) -> "Ticket":
    from cardsvc.service.hall.desks import serve

    return serve(store, by=by, now=now)


def _pass_over(store: "Store", _rules: "RuleSet", by: "Staff", now: Any) -> "Ticket":
    from cardsvc.service.hall.desks import pass_over

    return pass_over(store, by=by, now=now)


def _finish(store: "Store", rules: "RuleSet", by: "Staff", now: Any) -> "Ticket":
    from cardsvc.service.hall.desks import finish

    return finish(store, rules, by=by, now=now)


def _back_in(store: "Store", rules: "RuleSet", number: str, by: "Staff", now: Any) -> "Ticket":
    from cardsvc.service.hall.tickets import back_in

    return back_in(store, rules, number, by=by, now=now)


def _leave(store: "Store", _rules: "RuleSet", number: str, by: "Staff", now: Any) -> "Ticket":
    from cardsvc.service.hall.tickets import leave

    return leave(store, number, by=by, now=now)


_desk_command("next", "叫下一位", "Call the next", _call_next)
_desk_command("again", "重叫", "Call once more", _call_again)
_desk_command("serve", "人已到窗口", "The person is here", _serve)
_desk_command("miss", "过号", "Nobody came", _pass_over)
_desk_command("finish", "办结，第二屏打开评价", "Done; the appraisal opens on the second screen", _finish)
_number_command("back", "过号的人回来了，重新排入", "A missed number goes in again", _back_in)
_number_command("leave", "不办了", "The person goes", _leave)


@queue.command(help=t("换号：取错了，位置不变", "Another kind for a wrong ticket; the place stays"))
@click.argument("number")
@click.argument("ticket_type")
@as_option
@json_option
def swap(number: str, ticket_type: str, staff_id: str, *, as_json: bool) -> None:
    """Change the kind of a number."""
    from cardsvc.bootstrap import now
    from cardsvc.service.hall.tickets import change_kind

    def work(store: "Store", rules: "RuleSet") -> "Ticket":
        return change_kind(store, rules, number, ticket_type, by=signed_in(store, staff_id), now=now())

    _ticket(work, as_json=as_json)


@queue.command(help=t("转窗口：请这个窗口办，位置不变", "Hand a number to one desk; the place stays"))
@click.argument("number")
@click.argument("desk")
@as_option
@json_option
def hand(number: str, desk: str, staff_id: str, *, as_json: bool) -> None:
    """Hand a number to one desk."""
    from cardsvc.bootstrap import now
    from cardsvc.service.hall.tickets import hand_to

    _ticket(lambda store, _rules: hand_to(store, number, desk, by=signed_in(store, staff_id), now=now()), as_json=as_json)


@queue.command("show", help=t("现在的队伍：叫到谁、谁在等、还要等多久", "The queue now: who is called, who waits, how long"))
@outlet_option
@json_option
def show_(outlet_id: str, *, as_json: bool) -> None:
    """Show the queue."""
    from cardsvc.bootstrap import now
    from cardsvc.service.hall.forecast import hall_view

    def read(store: "Store", rules: "RuleSet") -> tuple[dict[str, Any], dict[str, Text]]:
        known_outlet(store, outlet_id)
        with store.read() as uow:
            return hall_view(uow, rules, outlet_id, now()), kind_names(rules)

    found, names = with_rules(read)
    show(found, as_json=as_json, lines=lambda: queue_lines(found, names))


@queue.command(
    help=t("一天的数字：各类各时段人数、等候和办理时间", "Figures of a day: by kind and hour, waiting and serving time")
)
@outlet_option
@click.option("--day", type=DAY, help=t("哪一天，默认今天", "Which day, today by default"))
@json_option
def figures(outlet_id: str, day: Any, *, as_json: bool) -> None:
    """Figures of a day."""
    from cardsvc.bootstrap import now
    from cardsvc.service.hall.forecast import day_figures
    from cardsvc.service.operations.rule_book import local_day

    wanted = day.date() if day else local_day(now())

    def read(store: "Store", _rules: "RuleSet") -> dict[str, Any]:
        known_outlet(store, outlet_id)
        with store.read() as uow:
            return day_figures(uow, outlet_id, wanted)

    found, names = with_rules(lambda store, rules: (read(store, rules), kind_names(rules)))
    show(found, as_json=as_json, lines=lambda: figure_lines(found, names))
