"""A person's cards without a card on the reader: loss, release, replacement of a lost card, held money paid back."""

from typing import Any

from flask import Flask, redirect, render_template, request, url_for
from pydantic import ValidationError

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.errors.fields import reasons
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.receipts import DEPOSITS
from cardsvc.service.cards.cancelling import REASONS, cancel_card, cancellation_of
from cardsvc.service.cards.fees_back import return_fee
from cardsvc.service.cards.handing_out import handout_of, waiting_of
from cardsvc.service.cards.replacement import LOST, ReplacementRequest, begin_replacement, fees_of, replacement_of
from cardsvc.service.cards.requests import open_request_of
from cardsvc.service.cards.views import card_view
from cardsvc.service.desk.workstations import actor_of
from cardsvc.service.loss.hotlist import RELEASE_FROM_HOT_LIST, listing
from cardsvc.service.loss.reports import end_lapsed, loss_cover, loss_view, report_loss
from cardsvc.service.machines import CARD_REQUEST
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.people.died import is_dead
from cardsvc.service.people.register import find_citizen
from cardsvc.service.purse.payments import Payment
from cardsvc.service.staff.approvals import propose
from cardsvc.service.transactions.deposits import deposit_plan, return_deposit, take_deposit
from cardsvc.service.transactions.held_orders import return_held_orders
from cardsvc.service.transactions.held_payout import HELD_PAYOUT, PayoutClaim, move_due, pay_held, payout_asked
from cardsvc.service.transactions.held_payout import REASONS as HELD_REASONS
from cardsvc.service.transactions.held_view import held_view
from cardsvc.service.words.codes import METHODS
from cardsvc.units import parse_card_no
from cardsvc.web.desk.guard import field, here, payment_of, workstation


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/person")
    def person_search() -> Any:
        return render_template("search.html")

    @app.post("/desk/person")
    def person_found() -> Any:
        """By ID number or by card number."""
        wanted = field("wanted", most=24).upper().replace(" ", "")
        try:
            if len(wanted) == len("3100010100000001"):
                return redirect(url_for("card_page", card_no=card_view(services.store, parse_card_no(wanted))["card_no"]), 303)
            found = find_citizen(services.store, wanted)
            if found is None:
                raise RequestError("citizen_unknown")
        except CardsvcError as error:
            return render_template("search.html", wanted=wanted, problem=problem_of(error)), error.http_status
        waiting = open_request_of(services.store, found["citizen_id"])
        handouts = waiting_of(services.store, found["citizen_id"])
        shown = {"citizen": found, "waiting": waiting, "handouts": handouts, "states": CARD_REQUEST.words}
        return render_template("search.html", wanted=wanted, **shown)

    @app.get("/desk/cards/<card_no>")
    def card_page(card_no: str) -> Any:
        """A card in the books: what a loss report would cover, the reports, and what may be done."""
        return _page(services, card_no)

    @app.post("/desk/cards/<card_no>/<deed>")
    def card_deed(card_no: str, deed: str) -> Any:
        try:
            _do(services, parse_card_no(card_no), deed)
        except CardsvcError as error:
            return _page(services, card_no, error), error.http_status
        return redirect(_afterwards(card_no, deed), 303)


def _afterwards(card_no: str, deed: str) -> str:
    """Where it goes on: what waits for a second person is shown there, and can be taken back."""
    if deed == "release":
        return url_for("approvals")
    return url_for("replacement" if deed == "replace" else "card_page", card_no=card_no)


def _do(services: Services, card_no: str, deed: str) -> None:
    by, moment = here().staff, now()
    if deed == "loss":
        report_loss(services.store, services.rules, card_no, field("kind"), by=by, now=moment)
    elif deed == "release":
        kind = RELEASE_FROM_HOT_LIST.name
        propose(services.store, APPROVALS, kind, card_no, {}, field("reason"), by=by, now=moment)
    elif deed == "cancel":
        cancel_card(services.store, card_no, field("reason"), field("papers"), by=by, now=moment)
    elif deed.startswith("deposit-"):
        _do_deposit(services, card_no, deed)
    elif deed.startswith("held-"):
        _do_held(services, card_no, deed)
    elif deed == "fee-back":
        actor = actor_of(services.store, workstation(), by=by)
        return_fee(services.store, actor, card_no, field("application"), by=by, now=moment)
    elif deed == "replace":
        actor = actor_of(services.store, workstation(), by=by)
        asked = replacement_asked(card_no, LOST, readable=False)
        begin_replacement(services.store, services.rules, actor, asked, by=by, now=moment)
    else:
        raise RequestError("http_not_found")


def _do_deposit(services: Services, card_no: str, deed: str) -> None:
    """A deposit is taken, or goes back as it was shown."""
    by, moment, store = here().staff, now(), services.store
    actor = actor_of(store, workstation(), by=by)
    if deed == "deposit-take":
        take_deposit(store, services.rules, actor, card_no, field("product"), payment_given(), by=by, now=moment)
    elif deed == "deposit-return":
        try:
            told = int(field("told"))
        except ValueError:
            raise RequestError("form_incomplete", field="told") from None
        return_deposit(store, services.rules, actor, card_no, told=told, by=by, now=moment)
    else:
        raise RequestError("http_not_found")


def _do_held(services: Services, card_no: str, deed: str) -> None:
    """Held money: the books decide, a second person is asked, or it is paid; orders go back."""
    by, moment, store = here().staff, now(), services.store
    if deed == "held-move":
        move_due(store, card_no, moment)
    elif deed == "held-ask":
        subject, payload = payout_asked(store, PayoutClaim(card_no, field("part_id"), field("reason"), field("papers")))
        propose(store, APPROVALS, HELD_PAYOUT.name, subject, payload, payload["papers"], by=by, now=moment)
    elif deed == "held-pay":
        actor = actor_of(store, workstation(), by=by)
        shown = request.form.get("reason", ""), request.form.get("papers", "")
        pay_held(store, services.rules, actor, PayoutClaim(card_no, field("part_id"), *shown), by=by, now=moment)
    elif deed == "held-orders":
        return_held_orders(store, services.rules, card_no, field("papers"), by=by, now=moment)
    else:
        raise RequestError("http_not_found")


def payment_given() -> Payment:
    """How a fee is paid, from the form. Raises RequestError ``params_invalid``."""
    try:
        return Payment.model_validate(payment_of(request.form))
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def replacement_asked(card_no: str, reason: str, *, readable: bool) -> ReplacementRequest:
    """What the form of a replacement asks for. Raises RequestError ``params_invalid``."""
    told = {"phone": request.form.get("phone", "").strip() or None, "paid_before": request.form.get("paid_before") == "1"}
    try:
        asked = {"card_no": card_no, "reason": reason, "payment": payment_given(), "readable": readable, **told}
        return ReplacementRequest.model_validate(asked)
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def _deposit(services: Services, card_no: str) -> dict[str, Any]:
    """The card's deposit, and what may be done about it here."""
    who = here()
    actor = actor_of(services.store, who.session.workstation, by=who.staff) if who.session.workstation else None
    found = deposit_plan(services.store, services.rules, actor, card_no, now())
    return {**found, "refused": problem_of(found["refused"]) if found["refused"] else None}


def _page(services: Services, number: str, error: CardsvcError | None = None) -> str:
    card_no, moment = parse_card_no(number), now()
    end_lapsed(services.store, moment)
    reports, card = loss_view(services.store, card_no), card_view(services.store, card_no)
    return render_template(
        "card.html",
        card=card,
        died=is_dead(services.store, card["holder"]["citizen_id"]),
        reports=reports,
        open=next((report for report in reports if report["ended"] is None), None),
        listed=listing(services.store, card_no),
        cover=loss_cover(services.store, services.rules, card_no, moment),
        replacement=replacement_of(services.store, card_no),
        handout=handout_of(services.store, card_no),
        deposit=_deposit(services, card_no),
        deposit_names=DEPOSITS,
        fee=fees_of(services.store, services.rules, card_no, moment)[LOST],
        methods=METHODS,
        cancelled=cancellation_of(services.store, card_no),
        cancel_reasons=REASONS,
        held=held_view(services.store, services.rules, card_no, moment),
        held_reasons=HELD_REASONS,
        problem=problem_of(error) if error else None,
    )
