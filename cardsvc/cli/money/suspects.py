"""``cardsvc suspects``: money that only a card, or two people, can settle."""

from pathlib import Path
from typing import Any

import click

from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.output import json_option, listed, said, show, t
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.cli.staff.approvals import show_approval
from cardsvc.units import format_yuan


@click.group(help=t("待核实的充值和消费：查看、认领、两人处理", "Suspect money: list, take, settle by two people"))
def suspects() -> None:
    """Group of commands on suspects."""


@suspects.command("list", help=t("待核实的交易，最早的在前", "Suspects, oldest first"))
@json_option
def list_suspects(*, as_json: bool) -> None:
    """List suspects."""
    from cardsvc.bootstrap import now
    from cardsvc.service.purse.suspects import suspects as worklist

    with database() as store:
        found = worklist(store, now())
    show(found, as_json=as_json, lines=lambda: _suspect_lines(found))


def _suspect_lines(found: list[dict[str, Any]]) -> list[str]:
    from cardsvc.service.words.codes import SUBJECTS

    nobody = t("无人认领", "no owner")
    head = (
        t("种类", "Kind"),
        t("单号", "Id"),
        t("卡号", "Card"),
        t("金额", "Amount"),
        t("时间", "Since"),
        t("谁在跟", "Owner"),
    )
    rows = [
        (
            said(SUBJECTS, f["subject"]),
            f["id"],
            f["card_no"],
            format_yuan(f["amount"]),
            local_time(f["since"]),
            f["owner"] or nobody,
        )
        for f in found
    ]
    return listed(rows, t("没有待核实的交易", "No suspects"), head)


@suspects.command(
    "unused", help=t("付了开通费、卡上没有、还没退的，最早的在前", "Fees of openings that are on no card, oldest first")
)
@json_option
def list_unused(*, as_json: bool) -> None:
    """List the fees that wait."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.application_names import APPLICATIONS
    from cardsvc.service.purse.suspects import unused_fees

    with database() as store:
        found = unused_fees(store, now())
    head = (t("卡号", "Card"), t("应用", "Application"), t("金额", "Amount"), t("时间", "Since"))
    rows = [
        (f["card_no"], said(APPLICATIONS, f["application"]), format_yuan(f["amount"]), local_time(f["since"])) for f in found
    ]
    show(found, as_json=as_json, lines=lambda: listed(rows, t("没有待退的开通费", "No fee waits"), head))


@suspects.command(help=t("认领一笔待核实的交易", "Become the owner of a suspect"))
@click.argument("card_no")
@click.argument("subject_id")
@click.option("--note", default="", help=t("备注", "Note"))
@as_option
@json_option
def take(card_no: str, subject_id: str, note: str, staff_id: str, *, as_json: bool) -> None:
    """Take a suspect."""
    from cardsvc.bootstrap import now
    from cardsvc.service.purse.suspects import take as become_owner

    with database() as store:
        by = signed_in(store, staff_id)
        become_owner(store, card_no, subject_id, note, by=by, now=now())
    line = t(f"{subject_id} 由 {by.staff_id} 跟进", f"{subject_id} is with {by.staff_id}")
    show({"card_no": card_no, "subject_id": subject_id, "owner": by.staff_id}, as_json=as_json, lines=lambda: [line])


@suspects.command(
    help=t(
        "卡片不再出现时：凭证据文件提出处理，由另一人复核（cardsvc approvals approve）",
        "For a card that does not come back: propose what became of the money, with documents; another person approves",
    )
)
@click.argument("card_no")
@click.argument("subject_id")
@click.option("--written/--not-written", required=True, help=t("卡上有 / 没有这笔", "The card has it / does not have it"))
@click.option("--reason", required=True, help=t("理由", "Why"))
@click.option(
    "--evidence",
    "files",
    required=True,
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=t("证据文件，可多次给出", "A document; may be given several times"),
)
@as_option
@json_option
def propose(
    card_no: str, subject_id: str, reason: str, files: tuple[Path, ...], staff_id: str, *, written: bool, as_json: bool
) -> None:
    """Propose a settlement."""
    from cardsvc.bootstrap import now
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.purse.suspects import SETTLE_BY_HAND, attachment
    from cardsvc.service.staff.approvals import propose as ask

    documents = [attachment(file.name, file.read_bytes()) for file in files]
    payload = {"card_no": card_no, "written": written, "attachments": documents}
    with database() as store:
        by = signed_in(store, staff_id)
        found = ask(store, APPROVALS, SETTLE_BY_HAND.name, subject_id, payload, reason, by=by, now=now())
    show_approval(found, as_json=as_json)
