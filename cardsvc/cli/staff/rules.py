"""``cardsvc rules``: the dated rules, their versions, and changing them by two people."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.days import DAY, local_time
from cardsvc.cli.shared.output import json_option, said, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in

if TYPE_CHECKING:
    from cardsvc.rules import Change, RuleSet
    from cardsvc.store import Store

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(help=t("规则：查看、检查、比较、提出、复核", "Rules: show, check, compare, propose, approve"))
def rules() -> None:
    """Group of rule commands."""


@contextmanager
def _store() -> "Iterator[Store]":
    """The database, with the first version of the rules in it."""
    from cardsvc.bootstrap import now
    from cardsvc.config import Settings
    from cardsvc.rules import rule_text
    from cardsvc.service.management.rule_versions import keep_first

    with database() as store:
        keep_first(store, rule_text(Settings().rules), now())
        yield store


def _rules_of(store: "Store", name: str | None) -> "RuleSet":
    """A rule set by file or version; without a name the one in force."""
    from cardsvc.bootstrap import now
    from cardsvc.rules import load_rule_set, parse_rule_set
    from cardsvc.service.management.rule_versions import text_of

    if name is not None and Path(name).is_file():
        return load_rule_set(Path(name))
    return parse_rule_set(text_of(store, name, now()))


@rules.command(
    "show",
    help=t("查看规则表：版本号或文件，默认当前版本", "Show a rule set: a version or a file, by default the one in force"),
)
@click.argument("version", required=False)
@json_option
def show_(version: str | None, *, as_json: bool) -> None:
    """Show the rules."""
    with _store() as store:
        found = _rules_of(store, version)
    show(found.model_dump(mode="json"), as_json=as_json, lines=lambda: _lines(found))


def _lines(found: "RuleSet") -> list[str]:
    """Every rule: its table, id, life and what it says; the source below."""
    from cardsvc.service.words.rule_fields import value_in_words

    lines = [f"{found.city} {found.version}"]
    for name, _place, rule in found.every():
        values = rule.model_dump(mode="json", exclude_defaults=True, exclude={"id", "since", "until", "source"})
        life = f"{rule.since} .. {rule.until or ''}"
        lines.append(f"[{name}] {rule.id}  {life}")
        lines.append("    " + "  ".join(f"{field}={t(*value_in_words(field, value))}" for field, value in values.items()))
        lines.append(f"    {t(*rule.source)}")
    return lines


@rules.command("list", help=t("规则的各个版本", "The versions of the rules"))
@json_option
def list_(*, as_json: bool) -> None:
    """List versions."""
    from cardsvc.bootstrap import now
    from cardsvc.service.management.rule_versions import versions_view

    with _store() as store:
        found = versions_view(store, now())
    rows = [
        ("*" if v["in_force"] else "", v["version"], v["effective_from"], v["proposed_by"] or "-", v["approved_by"] or "-")
        for v in found
    ]
    show(found, as_json=as_json, lines=lambda: table(rows))


@rules.command(help=t("检查规则文件；不给文件就检查随软件带的规则", "Check a rule file; the packaged one without an argument"))
@click.argument("file", required=False, type=FILE)
@json_option
def check(file: Path | None, *, as_json: bool) -> None:
    """Check a rule set."""
    from cardsvc.config import Settings
    from cardsvc.rules import checked_rule_set, rule_text

    found = checked_rule_set(rule_text(file or Settings().rules))
    told = {"city": found.city, "version": found.version, "rules": len(found.every())}
    show(told, as_json=as_json, lines=lambda: [f"{found.city} {found.version}: {t('正确', 'correct')}"])


@rules.command(
    help=t(
        "逐条比较两套规则（文件或版本号）；只给一个就与当前版本比", "Compare two rule sets, rule by rule (files or versions)"
    )
)
@click.argument("one")
@click.argument("other", required=False)
@json_option
def diff(one: str, other: str | None, *, as_json: bool) -> None:
    """Show the difference; with one argument, from the version in force to it."""
    from cardsvc.rules import difference

    with _store() as store:
        names = (None, one) if other is None else (one, other)
        old, new = (_rules_of(store, name) for name in names)
    changes = difference(old, new)
    found = {"from": old.version, "to": new.version, "changes": [dataclasses.asdict(change) for change in changes]}
    show(found, as_json=as_json, lines=lambda: [f"{old.version} -> {new.version}", *_change_lines(changes)])


def _change_lines(changes: list["Change"]) -> list[str]:
    from cardsvc.service.words.rule_fields import value_in_words

    words = {"added": t("新增", "added"), "removed": t("取消", "removed"), "changed": t("修改", "changed")}
    lines = []
    for change in changes:
        lines.append(f"{words[change.what]} [{change.table}] {change.rule}")
        lines += [
            f"    {name}: {t(*value_in_words(name, old))} -> {t(*value_in_words(name, new))}"
            for name, (old, new) in change.fields.items()
        ]
    return lines or [t("没有不同", "No difference")]


@rules.command(
    help=t("提出一套新规则，等第二人复核，到日生效", "Propose a rule set: a second person approves, and it holds from a day on")
)
@click.argument("file", type=FILE)
@click.option("--effective", required=True, type=DAY, help=t("生效日期", "First day"))
@click.option("--reason", required=True, help=t("理由", "Why"))
@as_option
@json_option
def propose(file: Path, effective: dt.datetime, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Propose a rule set, showing what it changes."""
    from cardsvc.bootstrap import now
    from cardsvc.rules import difference, parse_rule_set, rule_text
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.management.rule_versions import propose_rules

    text = rule_text(file)
    with _store() as store:
        changes = difference(_rules_of(store, None), parse_rule_set(text))
        by = signed_in(store, staff_id)
        made = propose_rules(store, APPROVALS, text, effective.date(), reason, by=by, now=now())
    found = {
        "approval_id": made.approval_id,
        "version": made.subject,
        "effective_from": made.payload["effective_from"],
        "sha256": made.payload["sha256"],
        "changes": [dataclasses.asdict(change) for change in changes],
    }
    head = t("等待第二人复核", "Waits for a second person")
    show(found, as_json=as_json, lines=lambda: [f"{head}: {made.approval_id}", *_change_lines(changes)])


@rules.command(help=t("复核一套新规则", "Approve a proposed rule set"))
@click.argument("approval_id")
@as_option
@json_option
def approve(approval_id: str, staff_id: str, *, as_json: bool) -> None:
    """Approve a proposed rule set."""
    from cardsvc.bootstrap import now
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.staff.approvals import approve as agree

    with _store() as store:
        made = agree(store, APPROVALS, approval_id, by=signed_in(store, staff_id), now=now()).result
    show(made, as_json=as_json, lines=lambda: [f"{made['version']}: {made['effective_from']}"] if made else [])


@rules.command(help=t("为什么：一笔操作或一张卡依据哪些规则", "Why: the rules behind an operation, or behind all of a card"))
@click.argument("subject", metavar="CARD|OPERATION")
@json_option
def why(subject: str, *, as_json: bool) -> None:
    """Name rule, version and source of everything accepted and refused."""
    from cardsvc.config import Settings
    from cardsvc.rules import load_rule_set
    from cardsvc.service.operations.rule_book import RuleBook
    from cardsvc.service.operations.rule_trail import rule_trail

    with _store() as store:
        found = rule_trail(store, RuleBook(load_rule_set(Settings().rules)), subject)
    show(found, as_json=as_json, lines=lambda: _why_lines(found))


def _why_lines(found: list[dict[str, Any]]) -> list[str]:
    from cardsvc.service.books.figures import JOB_NAMES
    from cardsvc.service.words.codes import OPERATIONS, reason_name

    lines = []
    for entry in found:
        code = t("，", ", ") + t(*reason_name(entry["code"])) if entry["code"] else ""
        job = f"{said(JOB_NAMES, entry['kind'])}{t('：', ': ')}{said(OPERATIONS, entry['state'])}{code}"
        lines.append(f"{local_time(entry['at'])}  {job}")
        named = [entry["refused_by"]] if entry["refused_by"] else entry["rules"]
        lines += [f"    {rule['id']}, {entry['version']}: {t(**rule['source'])}" for rule in named]
    return lines
