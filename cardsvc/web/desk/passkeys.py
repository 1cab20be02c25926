"""Passkeys: signing in and unlocking without a password; adding and removing one's own."""

from typing import Any

from flask import Flask, Response, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import RequestError
from cardsvc.service.desk import sessions as desk_sessions
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.staff import passkeys
from cardsvc.web.desk.failures import within
from cardsvc.web.desk.guard import COOKIE, PLACE_COOKIE, field, from_where, here, keep, language

ANSWER = 16_384


def install(app: Flask, services: Services) -> None:
    """Add the routes."""
    _doors(app, services)
    _own(app, services)

    @app.context_processor
    def _in_every_page() -> dict[str, object]:
        return {"passkeys_on": services.settings.passkey_origin is not None}


def _doors(app: Flask, services: Services) -> None:
    @app.post("/desk/passkey/challenge")
    def passkey_challenge() -> Any:
        """What a browser asks a passkey to sign. The script of the page calls it, so a refusal is JSON too."""
        try:
            return _json(passkeys.begin_sign_in(services.store, _site(services), now()))
        except RequestError as error:
            return _refused(error)

    @app.post("/desk/passkey/sign-in")
    def passkey_sign_in() -> Any:
        """Whoever the passkey belongs to is signed in; a wrong answer shows the form again."""
        after, browser = within(request.form.get("next", "")), request.headers.get("User-Agent", "")
        try:
            person = passkeys.who_shows(services.store, _site(services), field("answer", most=ANSWER), now())
        except RequestError as error:
            return render_template("sign_in.html", next=after, problem=problem_of(error)), error.http_status
        place = request.cookies.get(PLACE_COOKIE)
        token, session = desk_sessions.open_for(services.store, person, place, browser, now())
        response = redirect(after if session.workstation else url_for("choose_workstation", next=after), 303)
        keep(response, COOKIE, token)
        return response

    @app.post("/desk/passkey/unlock")
    def passkey_unlock() -> Any:
        """Only a passkey of the same person opens the page again."""
        token, after = request.cookies.get(COOKIE), within(request.form.get("next", ""))
        staff = desk_sessions.who_locked(services.store, token)
        try:
            person = passkeys.who_shows(services.store, _site(services), field("answer", most=ANSWER), now())
            desk_sessions.unlock_for(services.store, token, person, now())
        except RequestError as error:
            if error.code == "desk_session_ended":
                raise
            return render_template("unlock.html", staff=staff, next=after, problem=problem_of(error)), error.http_status
        return redirect(after, 303)


def _own(app: Flask, services: Services) -> None:
    @app.post("/desk/passkeys/begin")
    def passkey_begin() -> Any:
        """What a browser needs to make a passkey, against the password."""
        password = request.form.get("password", "")
        try:
            return _json(passkeys.begin_adding(services.store, _site(services), password, now(), by=here().staff))
        except RequestError as error:
            return _refused(error)

    @app.post("/desk/passkeys")
    def passkey_add() -> Any:
        """Keep what the browser made."""
        answer, name = field("answer", most=ANSWER), request.form.get("name", "")
        passkeys.add(services.store, _site(services), answer, name, now(), by=here().staff, where=from_where())
        return redirect(url_for("sessions"), 303)

    @app.post("/desk/passkeys/<passkey_id>/remove")
    def passkey_remove(passkey_id: str) -> Any:
        by = here().staff
        passkeys.remove(services.store, by.staff_id, passkey_id, now(), by=by, where=from_where())
        return redirect(url_for("sessions"), 303)


def _site(services: Services) -> passkeys.Site:
    return passkeys.site_of(services.settings.passkey_origin)


def _json(text: str) -> Response:
    return Response(text, mimetype="application/json")


def _refused(error: RequestError) -> tuple[dict[str, str], int]:
    """What the page says under its button."""
    return {"message": error.message(language())}, error.http_status
