"""``cardsvc approvals``: what waits for a second person."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.shared.database import database, write_file
from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.output import json_option, listed, said, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in

if TYPE_CHECKING:
    from cardsvc.store.records import Approval


@click.group(help=t("需要两人办理的事项：查看、复核、驳回", "Decisions of two people: list, approve, reject"))
def approvals() -> None:
    """Group of approval commands."""


def _lines(found: list[dict[str, Any]]) -> list[str]:
    """Proposals, one a line."""
    from cardsvc.service.words.codes import APPROVALS, DECISIONS

    head = (
        t("编号", "Id"),
        t("事项", "What"),
        t("对象", "About"),
        t("状态", "State"),
        t("提出人", "Proposed by"),
        t("理由", "Why"),
    )
    rows = [
        (
            a["approval_id"],
            said(APPROVALS, a["kind"]),
            a["subject"],
            said(DECISIONS, a["state"]),
            a["proposed_by"],
            a["reason"],
        )
        for a in found
    ]
    return listed(rows, t("没有待复核的事项", "Nothing waits"), head)


def show_approval(one: "Approval", *, as_json: bool) -> None:
    """A proposal, as it stands after a command."""
    from cardsvc.service.staff.approvals import approval_view

    view = approval_view(one)
    show(view, as_json=as_json, lines=lambda: _lines([view]))


@approvals.command("list", help=t("待复核的事项", "What waits for a second person"))
@json_option
def list_(*, as_json: bool) -> None:
    """List open proposals."""
    from cardsvc.service.staff.approvals import open_approvals

    with database() as store:
        found = open_approvals(store)
    show(found, as_json=as_json, lines=lambda: _lines(found))


@approvals.command("show", help=t("一项的全部内容", "Everything about one"))
@click.argument("approval_id")
@json_option
def show_(approval_id: str, *, as_json: bool) -> None:
    """Show one proposal."""
    from cardsvc.errors import RequestError
    from cardsvc.service.staff.approvals import approval_view

    with database() as store, store.read() as uow:
        found = uow.approvals.get(approval_id)
    if found is None:
        raise RequestError("approval_unknown")
    view = approval_view(found)
    show(view, as_json=as_json, lines=lambda: _all_lines(view))


def _all_lines(one: dict[str, Any]) -> list[str]:
    """Everything about a proposal, long texts below."""
    from cardsvc.service.words.codes import APPROVALS, DECISIONS, EVIDENCE
    from cardsvc.service.words.decisions import payload_rows, payload_texts

    rows = [
        (t("编号", "Id"), one["approval_id"]),
        (t("事项", "What"), said(APPROVALS, one["kind"])),
        (t("对象", "About"), one["subject"]),
        *((t(*label), t(*value)) for _name, label, value in payload_rows(one["payload"])),
        (t("理由", "Why"), one["reason"]),
        (t("提出", "Proposed"), f"{one['proposed_by']}  {local_time(one['proposed_at'])}"),
        (t("状态", "State"), said(DECISIONS, one["state"])),
    ]
    if one["decided_by"]:
        rows.append((t("复核", "Decided"), f"{one['decided_by']}  {local_time(one['decided_at'])}  {one['remark'] or ''}"))
    if one["state"] == "lapsed":
        rows.append((t("失效", "Lapsed"), f"{local_time(one['decided_at'])}  {said(EVIDENCE, one['result']['settled_by'])}"))
    return [*table(rows), *payload_texts(one["payload"])]


def _decide(staff_id: str, decide: Callable[..., "Approval"], *, as_json: bool) -> None:
    from cardsvc.bootstrap import now

    with database() as store:
        found = decide(store, by=signed_in(store, staff_id), now=now())
    show_approval(found, as_json=as_json)


@approvals.command(help=t("同意，并立即执行", "Agree, and carry it out"))
@click.argument("approval_id")
@click.option("--remark", default="", help=t("备注", "Remark"))
@as_option
@json_option
def approve(approval_id: str, remark: str, staff_id: str, *, as_json: bool) -> None:
    """Approve a proposal."""
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.staff.approvals import approve as agree

    _decide(staff_id, lambda store, **who: agree(store, APPROVALS, approval_id, remark, **who), as_json=as_json)


@approvals.command(help=t("驳回，写明理由", "Refuse, saying why"))
@click.argument("approval_id")
@click.option("--remark", required=True, help=t("理由", "Why"))
@as_option
@json_option
def reject(approval_id: str, remark: str, staff_id: str, *, as_json: bool) -> None:
    """Reject a proposal."""
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.staff.approvals import reject as refuse

    _decide(staff_id, lambda store, **who: refuse(store, APPROVALS, approval_id, remark, **who), as_json=as_json)


@approvals.command(help=t("撤回自己提出的事项", "Take one's own proposal back"))
@click.argument("approval_id")
@as_option
@json_option
def withdraw(approval_id: str, staff_id: str, *, as_json: bool) -> None:
    """Withdraw a proposal."""
    from cardsvc.service.staff.approvals import withdraw as take_back

    _decide(staff_id, lambda store, **who: take_back(store, approval_id, **who), as_json=as_json)


@approvals.command(help=t("把证据文件取出来看", "Take the documents out, to look at them"))
@click.argument("approval_id")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help=t("存到文件夹", "Folder"))
def documents(approval_id: str, folder: Path) -> None:
    """Write the documents of a proposal to a folder, under numbers: their names are the proposer's words."""
    import base64

    from cardsvc.errors import RequestError

    with database() as store, store.read() as uow:
        found = uow.approvals.get(approval_id)
    if found is None:
        raise RequestError("approval_unknown")
    for number, document in enumerate(found.payload.get("attachments", []), start=1):
        suffix = Path(document["name"]).suffix
        path = folder / f"{number}{suffix if suffix[1:].isalnum() else ''}"
        write_file(path, base64.b64decode(document["content"]), make_folder=True)
        click.echo(f"{path}  {document['name']}")
