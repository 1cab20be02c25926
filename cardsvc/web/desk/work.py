"""The work place and one job on it: pages, the parts of them that follow the desk, and the looks that a card is given."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.service.books.receipts import money_of
from cardsvc.service.cards.handing_out import handout_of
from cardsvc.service.cards.replacement import replacement_of
from cardsvc.service.cards.retiring import suspicions
from cardsvc.service.cards.views import card_view
from cardsvc.service.cash.shifts import shift_at
from cardsvc.service.desk.choices import Offer
from cardsvc.service.desk.offers import offers
from cardsvc.service.desk.report_head import report_head
from cardsvc.service.desk.work_place import CardOnDesk, Job, job_of, look_again, work_place
from cardsvc.service.operations.rule_book import local_day
from cardsvc.web.desk.guard import field, here, workstation
from cardsvc.web.desk.jobs import JOBS
from cardsvc.web.desk.queue import queue_of

THEN = frozenset({"personalise", "open", "catch_up", "first_article", "carry_over", "transfer_in", "transfer_out"})
"""Jobs after which others follow on the same card."""
THEN_OFFERED = frozenset({"first_article", "carry_over", "transfer_in", "fetch", "topup", "open"})
GOES_ON = frozenset({"transfer_out"})
"""A card that is being replaced gives one purse after the other: nothing else is done with it."""


def install(app: Flask, services: Services) -> None:
    """Add the routes."""
    _pages(app, services)
    _parts(app, services)


def _pages(app: Flask, services: Services) -> None:
    @app.get("/desk/")
    def work_place_page() -> Any:
        return render_template("work.html", **_desk(services))

    app.add_url_rule("/desk/", "work_place", work_place_page)

    @app.get("/desk/operations/<operation_id>")
    def job_page(operation_id: str) -> Any:
        return render_template("job.html", **_job(services, operation_id))


def _parts(app: Flask, services: Services) -> None:
    @app.get("/desk/live")
    def live_work() -> Any:
        return render_template("_desk.html", **_desk(services))

    @app.get("/desk/operations/<operation_id>/live")
    def live_job(operation_id: str) -> Any:
        return render_template("_job.html", **_job(services, operation_id))

    @app.get("/desk/here", endpoint="here")
    def still_here() -> Any:
        """A page asks whether the service is there and its sign-in still open."""
        return "", 204

    @app.post("/desk/look")
    def look() -> Any:
        """The page saw a card that nobody has looked at yet."""
        look_again(services.engine, workstation(), field("contact"), by=here().staff)
        if request.headers.get("X-Live"):
            return "", 204
        return redirect(url_for("work_place"), 303)


def _desk(services: Services) -> Mapping[str, Any]:
    """What the work place shows: the card in front (the newest, or the one asked for) and its jobs."""
    place = work_place(services.engine, workstation(), by=here().staff)
    wanted = request.args.get("contact")
    card = next((card for card in place.cards if card.contact == wanted), place.cards[0] if place.cards else None)
    made = offers(services.engine, card, by=here().staff) if card and not card.missing and not card.under_way else ()
    shift = shift_at(services.store, ("terminal", place.workstation))
    shown = [offer for offer in made if offer.kind in JOBS]
    queue = queue_of(services, here().staff)
    return {
        "place": place,
        "card": card,
        "offers": shown,
        "jobs": JOBS,
        "shift": shift,
        "queue": queue,
        "handout": _handout(services, card),
        "today": local_day(now()).isoformat(),
    }


def _job(services: Services, operation_id: str) -> Mapping[str, Any]:
    job: Job = job_of(services.engine, workstation(), operation_id, by=here().staff)
    place = work_place(services.engine, workstation(), by=here().staff)
    money = money_of(services.store, job.card_no, operation_id) if job.card_no else None
    replacement = replacement_of(services.store, job.card_no) if job.kind == "transfer_out" and job.card_no else None
    card = next((card for card in place.cards if card.contact == job.contact), None)
    then = _then(services, card, job) if card and job.done and job.kind in THEN else []
    look = card.contact if card and card.missing and not job.under_way else None
    shown = {
        "job": job,
        "online": place.online,
        "there": card is not None,
        "money": money,
        "replacement": replacement,
        "then": then,
        "look": look,
    }
    found = job.result.get("findings") if job.done and not job.result.get("waiting") else None
    head = report_head(services.store, place.workstation, job) if found is not None else None
    made_for = (
        card_view(services.store, job.card_no)["holder"] if job.kind == "personalise" and job.done and job.card_no else None
    )
    shown |= {"found": found, "head": head, "made_for": made_for}
    return {**shown, "handout": _handout(services, card) if then else None, "jobs": JOBS, "now": now()}


def _handout(services: Services, card: CardOnDesk | None) -> Mapping[str, Any] | None:
    """This card, where it waits for its holder; a suspicious one does not go out."""
    if card is None or card.books is None or suspicions(card.report):
        return None
    found = handout_of(services.store, card.books["card_no"])
    return found if found and found["waiting"] else None


def _then(services: Services, card: CardOnDesk, job: Job) -> list[Offer]:
    """What is likely to come next on a card that was made or filled just now, once it was looked at again."""
    if card.missing or card.under_way:
        return []
    made = offers(services.engine, card, by=here().staff)
    wanted = GOES_ON if job.kind in GOES_ON else THEN_OFFERED
    return [offer for offer in made if offer.kind in wanted and offer.possible]
