"""``cardsvc audit`` and ``cardsvc why``: looking back."""

import re
from typing import Any

import click

from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.output import json_option, said, show, t, table
from cardsvc.units import format_yuan


@click.group(help=t("审计：校验账册链", "Audit: verify the ledger's chains"))
def audit() -> None:
    """Group of audit commands."""


@audit.command(
    help=t(
        "校验账册和员工变动记录的哈希链、日封，以及账和业务记录是否一致；有改动、缺失、插入即指出位置，退出码 1",
        "Check every hash chain, of the ledger and of staff changes, the day seals, and that the ledger agrees with the rows "
        "that it was booked for; exit code 1 when something does not hold",
    )
)
@click.option("--root", help=t("打印的日报表上的封根，应能在账上找到", "Root on a printed day sheet: it must be in the books"))
@json_option
def verify(root: str | None, *, as_json: bool) -> int:
    """Verify the ledger."""
    from cardsvc.errors import RequestError
    from cardsvc.service.books.audit import verify_ledger

    if root is not None and not re.fullmatch(r"[0-9A-Fa-f]{64}", root):
        raise RequestError("root_wrong")
    with database() as store:
        found = verify_ledger(store, root.lower() if root else None)
    show(found, as_json=as_json, lines=lambda: _verdict(found))
    return 1 if found["breaks"] or found["total"] else 0


def _verdict(found: dict[str, Any]) -> list[str]:
    names = {
        "changed": t("被改动", "changed"),
        "missing": t("缺失", "missing"),
        "inserted": t("被插入", "inserted"),
        "without_row": t("没有对应的业务记录", "no row accounts for it"),
        "unbooked": t("有业务记录，账上没有或不符", "its row is there, its line is not, or not the same"),
    }
    lines = [f"{_where(one)}: {names[one['what']]}" for one in found["breaks"]]
    changes = found["staff_changes"]
    holds = not lines and found["total"] == 0
    verdict = t("账册完整", "the ledger holds") if holds else t("账册有问题", "THE LEDGER DOES NOT HOLD")
    return [
        *lines,
        t(
            f"{found['lines']} 笔，{found['seals']} 个日封，合计 {found['total']}，{changes} 条员工变动：{verdict}",
            f"{found['lines']} lines, {found['seals']} day seals, total {found['total']}, {changes} staff changes: {verdict}",
        ),
    ]


def _where(one: dict[str, Any]) -> str:
    """A place in a chain, and what was, or should have been, booked there."""
    from cardsvc.service.words.accounts import account_in_full, posting_name

    parts = [f"{one['chain']} {one['number']}"] if one["chain"] else []
    if "kind" in one:
        amount = format_yuan(one["amount"]) if one["amount"] else ""  # decisions of two people keep it elsewhere
        account = t(*account_in_full(one["account"])) if one["account"] and not one["chain"] else ""
        parts += [t(*posting_name(one["kind"])), amount, account, one["reference"]]
    return " ".join(part for part in parts if part)


@audit.command(help=t("管理操作的记录：谁、何时、改了什么", "What administrators did: who, when, what changed"))
@click.option(
    "--subject", help=t("对象，例如 terminal:kiosk-7、staff:li、outlet:hall", "Of one thing: terminal:kiosk-7, staff:li")
)
@click.option("--by", help=t("某人的工号", "Of one person, by staff id"))
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10000), help=t("最多几条", "At most so many"))
@json_option
def acts(subject: str | None, by: str | None, limit: int, *, as_json: bool) -> None:
    """Show acts."""
    from cardsvc.service.staff.acts import acts_view

    with database() as store:
        found = acts_view(store, subject=subject, staff_id=by, limit=limit)
    show(found, as_json=as_json, lines=lambda: act_lines(found) or [t("没有记录", "Nothing")])


def act_lines(found: list[dict[str, Any]]) -> list[str]:
    """What people changed, one act a line."""
    from cardsvc.service.staff.acts import Act
    from cardsvc.text import language_of_environment

    language = language_of_environment()
    head = (t("时间", "Time"), t("谁", "Who"), t("做了什么", "What"), t("对象", "About"), t("变动", "Change"))
    rows = [
        (
            local_time(act["done_at"]),
            act["staff_id"] or t("（初始设置）", "(set-up)"),
            Act(act["act"]).words.into(language),
            act["subject"],
            _changed(act),
        )
        for act in found
    ]
    return table([head, *rows]) if rows else []


def _changed(act: dict[str, Any]) -> str:
    """What was changed, for example "state: enabled -> suspended"; only the new value where there was none before."""
    from cardsvc.service.staff.acts import FIELD_NAMES, IN_FEN
    from cardsvc.service.words.codes import ROLES, TERMINAL_STATES
    from cardsvc.text import language_of_environment

    def told(field: str, value: Any) -> str:
        if value is not None and field in IN_FEN:
            return format_yuan(value)
        return said({"state": TERMINAL_STATES, "role": ROLES}.get(field, {}), value)

    language = language_of_environment()
    names = {field: FIELD_NAMES[field].into(language) if field in FIELD_NAMES else field for field in act["changes"]}
    return ", ".join(
        f"{names[field]}: {told(field, new)}" if old is None else f"{names[field]}: {told(field, old)} -> {told(field, new)}"
        for field, (old, new) in act["changes"].items()
    )


@click.command(
    help=t(
        "一张卡的来龙去脉：业务、证据、账目、经手人，按时间排列", "Operations, evidence, ledger and people of a card, by time"
    )
)
@click.argument("card_no")
@json_option
def why(card_no: str, *, as_json: bool) -> None:
    """Time line of a card."""
    from cardsvc.service.books.time_line import why as time_line
    from cardsvc.service.words.time_line import WHAT, told
    from cardsvc.units import parse_card_no

    with database() as store:
        entries = time_line(store, parse_card_no(card_no))
    rows = [(local_time(e["at"]), t(*WHAT[e["what"]]), t(*told(e))) for e in entries]
    show(entries, as_json=as_json, lines=lambda: table(rows))
