"""``cardsvc card fee-back``: what was paid for an opening that is not on its card."""

import click

from cardsvc.cli.shared.local import HERE, books
from cardsvc.cli.shared.output import json_option, said, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.units import format_yuan


@click.command(
    "fee-back",
    help=t("开通付了款、卡上没有，市民不要了：按来路退还", "Give back what was paid for an opening that is not on its card"),
)
@click.argument("card_no")
@click.option("--application", required=True, help=t("应用，例如 park", "Application, for example park"))
@as_option
@json_option
def fee_back(card_no: str, application: str, staff_id: str, *, as_json: bool) -> None:
    """Give the fee of an opening back."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.application_names import APPLICATIONS
    from cardsvc.service.cards.fees_back import return_fee
    from cardsvc.service.words.codes import METHODS
    from cardsvc.units import parse_card_no

    with books() as opened:
        by = signed_in(opened.store, staff_id)
        row = return_fee(opened.store, HERE, parse_card_no(card_no), application, by=by, now=now())
    view = {
        "card_no": row.card_no,
        "fee_id": row.fee_id,
        "application": row.application,
        "amount": row.amount,
        "payment_method": row.payment_method,
        "state": str(row.state),
    }
    rows = [
        (t("卡号", "Card"), row.card_no),
        (t("凭证号", "Receipt"), row.fee_id),
        (t("应用", "Application"), said(APPLICATIONS, row.application)),
        (t("退还", "Returned"), format_yuan(row.amount)),
        (t("退法", "By"), said(METHODS, row.payment_method)),
    ]
    show(view, as_json=as_json, lines=lambda: table(rows))
