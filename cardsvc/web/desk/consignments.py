"""Cards between outlets: what is to be packed, bags on their way, counting one in, cards that are missing or too many."""

from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.cards.consigned import explain_surplus, found_here, give_up_missing, take_over
from cardsvc.service.cards.consignment_views import cards_amiss, consignment_of, consignments_at, to_send
from cardsvc.service.cards.consignments import COUNTED, MOST_CARDS, count_in, receive, send_cards
from cardsvc.service.machines import CONSIGNED_CARD, CONSIGNMENT
from cardsvc.service.operations.problem import problem_of
from cardsvc.units import parse_card_no
from cardsvc.web.desk.guard import field, here


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/consignments")
    def consignments() -> Any:
        return _overview(services)

    @app.post("/desk/consignments")
    def send_consignment() -> Any:
        """A bag leaves; its list is shown, to go with it."""
        try:
            cards = [parse_card_no(number) for number in request.form.getlist("card")]
            store, rules, who = services.store, services.rules, here().staff
            sent = send_cards(store, rules, field("to", most=32), cards, request.form.get("bag", ""), by=who, now=now())
        except CardsvcError as error:
            return _overview(services, error), error.http_status
        return redirect(url_for("consignment", consignment_id=sent.consignment_id), 303)

    @app.get("/desk/consignments/<consignment_id>")
    def consignment(consignment_id: str) -> Any:
        return _page(services, consignment_id)

    @app.post("/desk/consignments/<consignment_id>/<deed>")
    def consignment_deed(consignment_id: str, deed: str) -> Any:
        """Count a card in, end the counting, or settle a card; the page shows what became of it."""
        try:
            counted = _done(services, consignment_id, deed)
        except CardsvcError as error:
            return _page(services, consignment_id, error), error.http_status
        card, became = counted or (None, None)
        return redirect(url_for("consignment", consignment_id=consignment_id, card=card, counted=became), 303)

    @app.post("/desk/handouts/<card_no>/arrived")
    def handout_arrived(card_no: str) -> Any:
        """A card lies before the clerk who has its page open."""
        number = parse_card_no(card_no)
        became = count_in(services.store, services.rules, number, by=here().staff, now=now())
        return redirect(url_for("handout", card_no=number, counted=became), 303)


def _done(services: Services, consignment_id: str, deed: str) -> tuple[str, str] | None:
    """Do it; gives a card that was counted in, and what it turned out to be. Raises RequestError ``form_incomplete`` for a deed
    that there is not."""
    store, rules, who, moment = services.store, services.rules, here().staff, now()
    if deed in ("all", "end"):
        receive(store, rules, consignment_id, all_there=deed == "all", by=who, now=moment)
        return None
    card_no = parse_card_no(field("card", most=24))
    if deed == "count":
        became = count_in(store, rules, card_no, by=who, now=moment, consignment_id=consignment_id)
        return card_no, became
    if deed == "found":
        return card_no, found_here(store, rules, consignment_id, card_no, by=who, now=moment)
    if deed == "take":
        take_over(store, consignment_id, card_no, by=who, now=moment)
    elif deed in ("explain", "lost"):
        settle = explain_surplus if deed == "explain" else give_up_missing
        settle(store, consignment_id, card_no, request.form.get("note", ""), by=who, now=moment)
    else:
        raise RequestError("form_incomplete", field=deed[:16])
    return None


def _overview(services: Services, error: CardsvcError | None = None) -> str:
    outlet_id, moment = here().staff.outlet_id, now()
    bags = consignments_at(services.store, outlet_id, moment)
    return render_template(
        "consignments.html",
        packing=to_send(services.store, outlet_id),
        at_once=MOST_CARDS,
        coming=[bag for bag in bags if bag["to_outlet"] == outlet_id],
        sent=[bag for bag in bags if bag["from_outlet"] == outlet_id],
        amiss=cards_amiss(services.store, outlet_id, moment),
        states=CONSIGNED_CARD.words,
        bag_states=CONSIGNMENT.words,
        typed=request.form,
        problem=problem_of(error) if error else None,
    )


def _page(services: Services, consignment_id: str, error: CardsvcError | None = None) -> str:
    found = consignment_of(services.store, consignment_id, now())
    counted = COUNTED.get(request.args.get("counted", ""))
    return render_template(
        "consignment.html",
        bag=found,
        receives=found["to_outlet"] == here().staff.outlet_id,
        ours=here().staff.outlet_id in (found["to_outlet"], found["from_outlet"]),
        states=CONSIGNED_CARD.words,
        bag_states=CONSIGNMENT.words,
        counted=counted,
        card=request.args.get("card", "")[:16] if counted else None,
        problem=problem_of(error) if error else None,
    )
