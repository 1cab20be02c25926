"""``cardsvc loss``: report a card lost, and what reports there are. Released by two people: ``cardsvc hotlist remove``."""

import click

from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.local import books
from cardsvc.cli.shared.output import json_option, listed, said, say, show, t
from cardsvc.cli.shared.person import as_option, signed_in, somebody_can_type
from cardsvc.text import language_of_environment


@click.group(help=t("挂失：电话或正式；先告诉市民管什么、不管什么", "Loss: by phone or formal; what it covers is told first"))
def loss() -> None:
    """Group of loss commands."""


@loss.command("report", help=t("挂失一张卡", "Report a card lost"))
@click.argument("card_no")
@click.option(
    "--kind",
    type=click.Choice(["phone", "formal"]),
    required=True,
    help=t("phone 到期自动失效；formal 已核对证件", "phone lapses by itself; formal: the papers were checked"),
)
@click.option("--yes", is_flag=True, help=t("已告诉市民，不再询问", "The citizen was told; do not ask"))
@as_option
@json_option
def report(card_no: str, kind: str, staff_id: str, *, yes: bool, as_json: bool) -> None:
    """Report a loss, after what it covers was shown."""
    from cardsvc.bootstrap import now
    from cardsvc.service.loss.reports import loss_cover, loss_view, report_loss
    from cardsvc.units import parse_card_no

    number, language = parse_card_no(card_no), language_of_environment()
    with books() as opened:
        by = signed_in(opened.store, staff_id)
        for row in loss_cover(opened.store, opened.rules, number, now()):
            mark = t("管  ", "covered    ") if row["covered"] else t("不管", "not covered")
            click.echo(f"{mark}  {row['what'].into(language)}: {row['how'].into(language)}", err=True)
        if not yes and not _confirmed():
            say("没有挂失", "Not reported")
            return
        report_loss(opened.store, opened.rules, number, kind, by=by, now=now())
        found = loss_view(opened.store, number)
    show(found, as_json=as_json, lines=lambda: _lines(found))


def _confirmed() -> bool:
    """Whether the person says so. Raises RequestError ``confirmation_missing`` where there is none."""
    from cardsvc.errors import RequestError

    try:
        return click.confirm(t("已经告诉市民，挂失？", "The citizen was told: report it lost?"), err=True)
    except click.Abort:
        if somebody_can_type():
            raise
        raise RequestError("confirmation_missing") from None


@loss.command("show", help=t("一张卡的挂失记录", "The reports of a card"))
@click.argument("card_no")
@json_option
def show_(card_no: str, *, as_json: bool) -> None:
    """Show the reports of a card."""
    from cardsvc.service.loss.reports import loss_view
    from cardsvc.units import parse_card_no

    with books() as opened:
        found = loss_view(opened.store, parse_card_no(card_no))
    show(found, as_json=as_json, lines=lambda: _lines(found))


def _lines(found: list[dict[str, str | None]]) -> list[str]:
    from cardsvc.service.words.codes import LOSS_ENDS, LOSSES

    def until(report: dict[str, str | None]) -> str:
        if report["ended"]:
            return said(LOSS_ENDS, report["ended"])
        return t("有效", "in force") + (f" ~ {local_time(report['lapses_at'])}" if report["lapses_at"] else "")

    head = (t("时间", "Time"), t("种类", "Kind"), t("经手", "By"), t("现在", "Now"))
    rows = [(local_time(r["reported_at"]), said(LOSSES, r["kind"]), str(r["reported_by"]), until(r)) for r in found]
    return listed(rows, t("没有挂失过", "Never reported"), head)
