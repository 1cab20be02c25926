"""Faces of cards: the list of those that are to be printed, one card's face, its photo, and what is decided about its print."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.cards.faces import card_face_view, face_of, open_faces
from cardsvc.service.cards.handing_out import handout_of
from cardsvc.service.cards.photos import PHOTO_CONSENT, holder_photo, take_photo
from cardsvc.service.desk.faces import (
    carried_on,
    face_printers,
    face_right,
    face_spoiled,
    give_print_up,
    on_reader,
    print_again,
    print_face,
    reading,
)
from cardsvc.service.operations.problem import problem_of
from cardsvc.store.records import Staff
from cardsvc.units import parse_card_no
from cardsvc.web.desk.guard import field, here
from cardsvc.web.desk.jobs import JOBS


def install(app: Flask, services: Services) -> None:
    """Add the routes."""
    _pages(app, services)
    _decisions(app, services)


def _pages(app: Flask, services: Services) -> None:
    @app.get("/desk/faces")
    def card_faces() -> Any:
        """The faces of this outlet that are not over, and the card of them that lies on the reader."""
        return render_template("faces.html", faces=open_faces(services.store, here().staff.outlet_id), **_on_reader(services))

    @app.get("/desk/faces/live")
    def faces_live() -> Any:
        return render_template("_faces_reader.html", **_on_reader(services))

    @app.get("/desk/faces/<card_no>")
    def card_face(card_no: str) -> Any:
        """One card's face; that of an application stands on its own page."""
        shown = shown_face(services, parse_card_no(card_no))
        if shown["card"]["case_no"]:
            return redirect(url_for("card_request", case_no=shown["card"]["case_no"]))
        right = shown["face"] is not None and shown["face"]["state"] == "right"
        here_lies = (services.engine, shown["card"]["card_no"], shown["place"])
        then = carried_on(*here_lies, by=here().staff) if right else None
        handout = handout_of(services.store, shown["card"]["card_no"])
        return render_template("face.html", **shown, then=then, handout=handout, jobs=JOBS)

    @app.get("/desk/faces/<card_no>/live")
    def face_live(card_no: str) -> Any:
        shown = shown_face(services, parse_card_no(card_no))
        return render_template("_face.html", **shown) if shown["face"] else ""

    @app.get("/desk/faces/<card_no>/photo.jpg")
    def face_photo(card_no: str) -> Any:
        return Response(holder_photo(services.store, parse_card_no(card_no)), mimetype="image/jpeg")

    @app.get("/desk/faces/<card_no>/face.pdf")
    def face_paper(card_no: str) -> Any:
        face = face_of(services.store, parse_card_no(card_no))
        return Response(face, mimetype="application/pdf", headers={"Content-Disposition": "inline"})


def _on_reader(services: Services) -> dict[str, Any]:
    who = here()
    found = on_reader(services.engine, who.session.workstation, by=who.staff)
    shown = shown_face(services, found["card_no"]) if found["card_no"] else {"card": None}
    return {**shown, "look": found["look"], "place": who.session.workstation}


def shown_face(services: Services, card_no: str) -> dict[str, Any]:
    """A card and its face, the printers of the outlet, and what the readers of this desk say of it."""
    who = here()
    card = card_face_view(services.store, card_no)
    place = who.session.workstation
    return {
        "card": card,
        "face": card["face"],
        "printers": face_printers(services.store, who.staff.outlet_id, now()) if card["face"] else [],
        "place": place,
        "reading": reading(services.engine, card_no, place, by=who.staff),
        "photo_consent": PHOTO_CONSENT,
    }


def _decisions(app: Flask, services: Services) -> None:
    @app.post("/desk/faces/<card_no>/photo")
    def take_face_photo(card_no: str) -> Any:
        """A photo for a card whose holder has none, or a better one."""
        photo, consent = request.files["photo"].read() if "photo" in request.files else b"", request.form.get("consent") == "1"
        return _done(
            services,
            card_no,
            lambda by: take_photo(services.store, services.rules, card_no, photo, consent=consent, by=by, now=now()),
        )

    @app.post("/desk/faces/<card_no>/<print_id>/<deed>")
    def face_deed(card_no: str, print_id: str, deed: str) -> Any:
        """What a person decides about a print."""
        decide = _deeds(services, print_id).get(deed)
        if decide is None:
            raise RequestError("http_not_found")
        return _done(services, card_no, decide)


def _deeds(services: Services, print_id: str) -> Mapping[str, Callable[[Staff], object]]:
    store, place = services.store, here().session.workstation
    return {
        "print": lambda by: print_face(store, print_id, field("printer"), by=by, now=now()),
        "again": lambda by: print_again(store, print_id, field("printer"), field("why"), by=by, now=now()),
        "right": lambda by: face_right(services.engine, print_id, place, by=by, now=now()),
        "spoiled": lambda by: face_spoiled(store, print_id, field("why"), by=by, now=now()),
        "stop": lambda by: give_print_up(store, print_id, by=by, now=now()),
    }


def _done(services: Services, card_no: str, decide: Callable[[Staff], object]) -> Any:
    number = parse_card_no(card_no)
    try:
        decide(here().staff)
    except CardsvcError as error:
        return render_template("face.html", **shown_face(services, number), problem=problem_of(error)), error.http_status
    if request.form.get("pile"):
        return redirect(url_for("card_faces"), 303)
    return redirect(url_for("card_face", card_no=number), 303)
