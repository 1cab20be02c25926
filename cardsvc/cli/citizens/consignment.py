"""``cardsvc consignment``: cards between outlets: what is to be sent, bags on their way, counting in, settling."""

from typing import Any

import click

from cardsvc.cli.shared.database import database, rule_book
from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.output import json_option, listed, said, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in

outlet_option = click.option("--outlet", default=None, help=t("网点；不写是全部网点", "Outlet; all of them without"))


@click.group(help=t("送卡、收卡：在一处做、在另一处领的卡", "Cards that are made at one outlet and collected at another"))
def consignment() -> None:
    """Group of consignments."""


@consignment.command("to-send", help=t("放在一个网点、要送到别处的卡", "Cards that lie at an outlet for others"))
@click.option("--outlet", required=True, help=t("网点", "Outlet"))
@json_option
def to_send_(outlet: str, *, as_json: bool) -> None:
    """List what is to be sent."""
    from cardsvc.service.cards.consignment_views import to_send

    with database() as store:
        found = to_send(store, outlet)
    head = (t("送到", "To"), t("卡号", "Card"), t("持卡人", "Holder"), t("制好", "Made"))
    rows = [(p["name"], c["card_no"], c["holder"]["name"], local_time(c["made_at"])) for p in found for c in p["cards"]]
    show(found, as_json=as_json, lines=lambda: listed(rows, t("没有要送的卡", "No card is to be sent"), head))


@consignment.command("list", help=t("送卡单，新的在前", "Consignments, the newest first"))
@outlet_option
@json_option
def list_(outlet: str | None, *, as_json: bool) -> None:
    """List consignments."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.consignment_views import consignments_at
    from cardsvc.service.machines import CONSIGNMENT

    with database() as store:
        found = consignments_at(store, outlet, now())
    head = (t("送卡单", "List"), t("袋号", "Bag"), t("从", "From"), t("到", "To"), t("张数", "Cards"), t("状态", "State"))
    rows = [(b["consignment"], b["bag"], b["from"], b["to"], str(b["listed"]), _state(b, CONSIGNMENT.words)) for b in found]
    show(found, as_json=as_json, lines=lambda: listed(rows, t("没有送卡单", "No consignments"), head))


def _state(bag: dict[str, Any], words: Any) -> str:
    late = " " + t(f"逾期，应于 {bag['due_on']}", f"late, due on {bag['due_on']}") if bag["late"] else ""
    return said(words, bag["state"]) + late


@consignment.command("amiss", help=t("没到和多出的卡：谁负责，到哪天", "Cards missing or too many: with whom, until when"))
@outlet_option
@json_option
def amiss(outlet: str | None, *, as_json: bool) -> None:
    """List what list and bag disagree about."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.consignment_views import cards_amiss
    from cardsvc.service.machines import CONSIGNED_CARD

    with database() as store:
        found = cards_amiss(store, outlet, now())
    head = (t("送卡单", "List"), t("卡号", "Card"), t("怎么了", "What"), t("谁负责", "With"), t("期限", "By"))
    rows = [
        (c["consignment"], c["card_no"], said(CONSIGNED_CARD.words, c["state"]), c["owner"], c["due_on"] or "-") for c in found
    ]
    show(found, as_json=as_json, lines=lambda: listed(rows, t("没有", "None"), head))


@consignment.command("show", help=t("一张送卡单和它的卡", "A consignment and its cards"))
@click.argument("consignment_id")
@json_option
def show_(consignment_id: str, *, as_json: bool) -> None:
    """Show a consignment."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.consignment_views import consignment_of

    with database() as store:
        found = consignment_of(store, consignment_id, now())
    show(found, as_json=as_json, lines=lambda: _list(found))


def _list(bag: dict[str, Any]) -> list[str]:
    from cardsvc.service.machines import CONSIGNED_CARD, CONSIGNMENT

    about = [
        (t("送卡单", "List"), bag["consignment"]),
        (t("袋号", "Bag"), bag["bag"]),
        (t("从、到", "From, to"), f"{bag['from']} → {bag['to']}"),
        (t("送出", "Sent"), f"{local_time(bag['sent_at'])} {bag['sent_by']}"),
        (t("状态", "State"), _state(bag, CONSIGNMENT.words)),
    ]
    head = (t("卡号", "Card"), t("持卡人", "Holder"), t("状态", "State"), t("谁负责", "With"), t("说明", "Note"))
    rows = [
        (c["card_no"], c["holder"]["name"], said(CONSIGNED_CARD.words, c["state"]), c["owner"] or "-", c["note"] or "-")
        for c in bag["cards"]
    ]
    return [*table(about), *listed(rows, t("没有卡", "No cards"), head)]


@consignment.command(help=t("装袋送出；不写卡号是全部待送的卡", "Send a bag; without numbers all that lies here for it"))
@click.argument("to_outlet")
@click.argument("cards", nargs=-1)
@click.option("--bag", required=True, help=t("袋号（封条上的号码）", "The number of its seal"))
@as_option
@json_option
def send(to_outlet: str, cards: tuple[str, ...], bag: str, staff_id: str, *, as_json: bool) -> None:
    """Send a bag."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.consignment_views import consignment_of, to_send
    from cardsvc.service.cards.consignments import send_cards
    from cardsvc.units import parse_card_no

    with database() as store:
        by = signed_in(store, staff_id)
        here = {place["outlet_id"]: [card["card_no"] for card in place["cards"]] for place in to_send(store, by.outlet_id)}
        chosen = [parse_card_no(card) for card in cards] or here.get(to_outlet, [])
        sent = send_cards(store, rule_book(), to_outlet, chosen, bag, by=by, now=now())
        found = consignment_of(store, sent.consignment_id, now())
    show(found, as_json=as_json, lines=lambda: _list(found))


@consignment.command(help=t("点收一张卡", "Count a card in"))
@click.argument("card_no")
@click.option("--in", "consignment_id", default=None, help=t("在哪张送卡单的袋里", "The consignment whose bag it was in"))
@as_option
@json_option
def count(card_no: str, consignment_id: str | None, staff_id: str, *, as_json: bool) -> None:
    """Count a card in."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.consignments import COUNTED, count_in
    from cardsvc.units import parse_card_no

    with database() as store:
        by, number = signed_in(store, staff_id), parse_card_no(card_no)
        became = count_in(store, rule_book(), number, by=by, now=now(), consignment_id=consignment_id)
    show({"card_no": number, "became": became}, as_json=as_json, lines=lambda: [f"{number}  {said(COUNTED, became)}"])


@consignment.command(help=t("点完一袋：其余没到，或（--all）全部在", "End the counting: the rest is missing"))
@click.argument("consignment_id")
@click.option("--all", "all_there", is_flag=True, help=t("清单上的全部在", "All of the list are there"))
@as_option
@json_option
def end(consignment_id: str, staff_id: str, *, all_there: bool, as_json: bool) -> None:
    """End the counting."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.consignment_views import consignment_of
    from cardsvc.service.cards.consignments import receive

    with database() as store:
        by = signed_in(store, staff_id)
        receive(store, rule_book(), consignment_id, all_there=all_there, by=by, now=now())
        found = consignment_of(store, consignment_id, now())
    show(found, as_json=as_json, lines=lambda: _list(found))


@consignment.command(
    help=t(
        "了结没到或多出的卡：found 在本网点找到，take 我来查，explain 多出的已查明，lost 作废重做（主管）",
        "Settle a card: found at this outlet, take it over, explain a surplus one, lost: void and made again (supervisor)",
    )
)
@click.argument("consignment_id")
@click.argument("card_no")
@click.argument("what", type=click.Choice(["found", "take", "explain", "lost"]))
@click.option("--note", default="", help=t("原因（explain、lost 要写）", "Why (needed for explain and lost)"))
@as_option
@json_option
def settle(consignment_id: str, card_no: str, what: str, note: str, staff_id: str, *, as_json: bool) -> None:
    """Settle a card that list and bag disagree about."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards import consigned
    from cardsvc.service.cards.consignment_views import consignment_of
    from cardsvc.units import parse_card_no

    with database() as store:
        by, which = signed_in(store, staff_id), (consignment_id, parse_card_no(card_no))
        if what == "found":
            consigned.found_here(store, rule_book(), *which, by=by, now=now())
        elif what == "take":
            consigned.take_over(store, *which, by=by, now=now())
        else:
            end_it = consigned.explain_surplus if what == "explain" else consigned.give_up_missing
            end_it(store, *which, note, by=by, now=now())
        found = consignment_of(store, consignment_id, now())
    show(found, as_json=as_json, lines=lambda: _list(found))
