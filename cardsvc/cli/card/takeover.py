"""``cardsvc card transfer``, ``hold`` and ``takeover``: the money of an old card goes to the new one."""

from collections.abc import Mapping
from typing import Any

import click

from cardsvc.cli.shared.local import books, card_channel, do, file_option, reader_option, services, trace_option, wait_option
from cardsvc.cli.shared.output import json_option, listed, said, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.units import format_yuan


@click.group(help=t("旧卡转新卡：旧卡能读就立即转", "From an old card to the new one; at once when the old one can be read"))
def transfer() -> None:
    """Group of transfers."""


@transfer.command("out", help=t("旧卡放上读卡器：把各资金区取空，卡随后停用", "The old card: draw every area to zero"))
@json_option
@reader_option
@wait_option
@file_option
@trace_option
def out(*, as_json: bool, reader: str | None, wait: float, card_file: str | None, trace: bool) -> None:
    """Draw the old card down, purse by purse."""
    with services() as opened, card_channel(reader, wait, card_file, trace=trace) as channel:
        results = [do(opened, channel, "transfer_out", {})]
        while results[-1]["left"]:
            results.append(do(opened, channel, "transfer_out", {}))
    show(results, as_json=as_json, lines=lambda: _moved(results))


@transfer.command("in", help=t("新卡放上读卡器：写入从旧卡转出的钱", "The new card: write the old card's money"))
@click.argument("old_card_no")
@json_option
@reader_option
@wait_option
@file_option
@trace_option
def in_(old_card_no: str, *, as_json: bool, reader: str | None, wait: float, card_file: str | None, trace: bool) -> None:
    """Write the old card's money, part by part."""
    from cardsvc.service.transactions.takeovers import takeover_of

    params = {"old_card_no": old_card_no}
    with services() as opened, card_channel(reader, wait, card_file, trace=trace) as channel:
        results: list[Any] = []
        try:
            while not results or _rest(takeover_of(opened.store, old_card_no)):
                results.append(do(opened, channel, "transfer_in", params))
        finally:  # what was written before a part that cannot be is told all the same
            if results:
                show(results, as_json=as_json, lines=lambda: _moved(results))


def _moved(results: list[Any]) -> list[str]:
    from cardsvc.service.purse.area_names import purse_name
    from cardsvc.service.words.codes import MONEY_STATES, OLD_CARDS

    def purse(result: Mapping[str, Any]) -> str:
        return t(*purse_name(result["product"], result["area"])) if result["product"] else "-"

    head = (t("卡号", "Card"), t("钱包", "Purse"), t("金额", "Amount"), t("状态", "State"))
    states = {**MONEY_STATES, **OLD_CARDS}
    rows = [(r["card_no"], purse(r), format_yuan(r["amount"]), said(states, r["state"])) for r in results]
    return table([head, *rows])


@click.command(help=t("收下读不出的卡：钱到期由账上转出", "Take in a card that cannot be read; on its day the books decide"))
@click.argument("card_no")
@as_option
@json_option
@click.option(
    "--unidentified",
    metavar=t("理由", "WHY"),
    help=t("卡号也看不清：按持卡人查到的卡号提出，由另一人复核", "No number either: another person approves"),
)
def hold(card_no: str, staff_id: str, unidentified: str | None, *, as_json: bool) -> None:
    """Hold a card, or propose to."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.staff.approvals import show_approval
    from cardsvc.service.approval_kinds import APPROVALS
    from cardsvc.service.cards.hold_approval import HOLD_UNIDENTIFIED, unidentified_card
    from cardsvc.service.staff.approvals import propose
    from cardsvc.service.transactions.takeovers import hold_card, takeover_of

    with books() as opened:
        by = signed_in(opened.store, staff_id)
        if unidentified is None:
            hold_card(opened.store, opened.engine.rules, card_no, by=by, now=now())
            view = takeover_of(opened.store, card_no)
            show(view, as_json=as_json, lines=lambda: _takeover_lines([view]))
        else:
            payload = unidentified_card(opened.store, opened.engine.rules, card_no, now())
            name = HOLD_UNIDENTIFIED.name
            asked = propose(opened.store, APPROVALS, name, card_no, payload, unidentified, by=by, now=now())
            show_approval(asked, as_json=as_json)


@click.command(help=t("旧卡的钱在哪里；不给卡号就列出等待到期的卡", "Where an old card's money is, or all that wait"))
@click.argument("card_no", required=False)
@json_option
def takeover(card_no: str | None, *, as_json: bool) -> None:
    """Look at takeovers."""
    from cardsvc.service.transactions.takeovers import takeover_of, waiting

    with books() as opened:
        views = [takeover_of(opened.store, card_no)] if card_no else waiting(opened.store)
    show(views, as_json=as_json, lines=lambda: _takeover_lines(views))


def _takeover_lines(views: list[dict[str, Any]]) -> list[str]:
    from cardsvc.service.words.codes import OLD_CARDS

    head = (t("旧卡", "Old card"), t("状态", "State"), t("到账日", "Its day"), t("经手", "Held by"), t("金额", "Amount"))
    rows = [(v["card_no"], said(OLD_CARDS, v["state"]), v["due"] or "-", v["held_by"], _sum(v)) for v in views]
    return listed(rows, t("没有等待到期的卡", "No card waits"), head)


def _rest(view: Mapping[str, Any]) -> bool:
    """Whether something can still be written."""
    return bool(view["owed"]) or any(not part["written"] for part in view["parts"])


def _sum(view: dict[str, Any]) -> str:
    return format_yuan(view["owed"] + sum(part["amount"] for part in view["parts"]))


@click.command("of-holder", help=t("按身份证号查持卡人的卡", "The cards of a person, by ID number"))
@click.argument("id_number")
@json_option
def of_holder(id_number: str, *, as_json: bool) -> None:
    """Search a holder's cards."""
    from cardsvc.service.people.register import RESIDENT_ID
    from cardsvc.service.transactions.takeovers import holder_cards

    with books() as opened:
        found = holder_cards(opened.store, RESIDENT_ID, id_number)
    show(found, as_json=as_json, lines=lambda: _card_lines(found))


def _card_lines(found: list[dict[str, Any]]) -> list[str]:
    from cardsvc.service.words.codes import CARD_STATES

    head = (t("卡号", "Card"), t("状态", "State"), t("发卡日", "Issued"))
    return listed(
        [(c["card_no"], said(CARD_STATES, c["state"]), c["issue_date"]) for c in found], t("没有卡", "No cards"), head
    )


COMMANDS = (transfer, hold, takeover, of_holder)
