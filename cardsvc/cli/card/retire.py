"""``cardsvc card retire``: a suspicious card goes on the hot list at once, and a second person ends it."""

import click

from cardsvc.cli.shared.local import books
from cardsvc.cli.shared.output import json_option, t
from cardsvc.cli.shared.person import as_option, signed_in


@click.command(
    help=t("停用检测出的可疑卡：马上列入黑名单，另一人复核后停用", "Retire a card that a diagnosis calls suspicious")
)
@click.argument("card_no")
@click.option("--note", required=True, help=t("谁拿来的、怎么说", "Who brought it and what they say"))
@click.option(
    "--new-card/--no-new-card", default=True, show_default=True, help=t("持卡人本人在场，要新卡", "Its holder is here")
)
@as_option
@json_option
def retire(card_no: str, note: str, staff_id: str, *, new_card: bool, as_json: bool) -> None:
    """List a card and ask a second person to end it."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.staff.approvals import show_approval
    from cardsvc.service.cards.retiring import retire as retire_card

    with books() as opened:
        by = signed_in(opened.store, staff_id)
        asked = retire_card(opened.store, opened.engine.rules, card_no, note, new_card=new_card, by=by, now=now())
    show_approval(asked, as_json=as_json)
