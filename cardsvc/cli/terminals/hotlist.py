"""``cardsvc hotlist``: cards that nobody takes any more, and which terminal knows it."""

import click

from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.output import json_option, listed, said, show, t
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.cli.staff.approvals import show_approval
from cardsvc.units import parse_card_no

reason_option = click.option("--reason", required=True, help=t("理由", "Why"))


@click.group(help=t("黑名单：加入、解除、查看、各终端的版本", "Hot list: add, remove, show, who has which version"))
def hotlist() -> None:
    """Group of hot list commands."""


@hotlist.command(help=t("把卡加入黑名单，立即生效", "Put a card on the list, at once"))
@click.argument("card_no")
@reason_option
@as_option
@json_option
def add(card_no: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Add a card."""
    from cardsvc.bootstrap import now
    from cardsvc.service.loss.hotlist import add_to_hot_list

    with database() as store:
        entry = add_to_hot_list(store, card_no, reason, by=signed_in(store, staff_id), now=now())
    found = {"card_no": entry.card_no, "version": entry.version}
    show(found, as_json=as_json, lines=lambda: [t(f"已加入，第 {entry.version} 版", f"Added, version {entry.version}")])


@hotlist.command(help=t("提出解除，由另一人复核（cardsvc approvals approve）", "Propose a release; another person approves"))
@click.argument("card_no")
@reason_option
@as_option
@json_option
def remove(card_no: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Propose a release."""
    from cardsvc.bootstrap import now
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.loss.hotlist import RELEASE_FROM_HOT_LIST
    from cardsvc.service.staff.approvals import propose

    with database() as store:
        by = signed_in(store, staff_id)
        found = propose(store, APPROVALS, RELEASE_FROM_HOT_LIST.name, card_no, {}, reason, by=by, now=now())
    show_approval(found, as_json=as_json)


@hotlist.command("show", help=t("一张卡在黑名单上的来龙去脉", "What became of a card on the list"))
@click.argument("card_no")
@json_option
def show_(card_no: str, *, as_json: bool) -> None:
    """Show the changes about a card."""
    from cardsvc.service.loss.hotlist import history

    with database() as store:
        found = history(store, parse_card_no(card_no))
    head = (t("版本", "Version"), t("变动", "Change"), t("时间", "Time"), t("经手", "By"), t("理由", "Why"))

    def lines() -> list[str]:
        from cardsvc.service.words.codes import HOT_LIST

        rows = [
            (str(f["version"]), said(HOT_LIST, f["action"]), local_time(f["changed_at"]), f["changed_by"], f["reason"])
            for f in found
        ]
        return listed(rows, t("从未在黑名单上", "Never on the list"), head)

    show(found, as_json=as_json, lines=lines)


@hotlist.command(
    help=t("名单的公钥，当面交给终端厂商", "The public key of the lists, to be handed to makers of terminals in person")
)
@json_option
def key(*, as_json: bool) -> None:
    """Show the public key that terminals check lists with."""
    from cardsvc.cli.shared.local import books

    with books() as opened:
        found = opened.engine.keystore.signing_public_key().hex()
    show({"public_key": found}, as_json=as_json, lines=lambda: [found])


@hotlist.command(help=t("各终端持有的版本", "Who has which version"))
@json_option
def status(*, as_json: bool) -> None:
    """Show who has which version."""
    from cardsvc.service.loss.hotlist import who_has_which

    with database() as store:
        found = who_has_which(store)
    rows = [
        (
            f["terminal_id"],
            str(f["version"]),
            str(f["behind"]),
            local_time(f["acknowledged_at"]),
        )
        for f in found["terminals"]
    ]
    newest = t(f"最新第 {found['version']} 版", f"Newest version {found['version']}")
    head = (t("终端", "Terminal"), t("版本", "Version"), t("落后", "Behind by"), t("确认时间", "Acknowledged"))
    nobody = t("还没有终端取过黑名单", "No terminal has fetched it yet")
    show(found, as_json=as_json, lines=lambda: [newest, *listed(rows, nobody, head)])
