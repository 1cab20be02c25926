"""Sign-in, lock and unlock, the workstation of this browser, the language, one's own sign-ins."""

from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import RequestError
from cardsvc.service.desk import sessions as desk_sessions
from cardsvc.service.desk.workstations import workstations_of
from cardsvc.service.hall.desks import leave_desk
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.staff.accounts import change_password
from cardsvc.service.staff.accounts import sign_in as check_password
from cardsvc.service.staff.passkeys import passkeys_of
from cardsvc.web.desk.failures import within
from cardsvc.web.desk.guard import COOKIE, LANGUAGE_COOKIE, PLACE_COOKIE, field, from_where, here, keep

A_YEAR = 365


def install(app: Flask, services: Services) -> None:
    """Add the routes."""
    _doors(app, services)
    _locks(app, services)
    _places(app, services)
    _passwords(app, services)


def _doors(app: Flask, services: Services) -> None:
    @app.get("/")
    def home() -> Any:
        return redirect(url_for("work_place"))

    @app.get("/desk/sign-in")
    def sign_in_form() -> Any:
        return render_template("sign_in.html", next=within(request.args.get("next", "")), why=request.args.get("why"))

    @app.post("/desk/sign-in")
    def sign_in() -> Any:
        """A wrong password shows the form again, with what was typed except the password."""
        after = within(request.form.get("next", ""))
        browser = request.headers.get("User-Agent", "")
        try:
            who, password = field("staff_id"), request.form.get("password", "")
            place = request.cookies.get(PLACE_COOKIE)
            token, session = desk_sessions.open_session(services.store, who, password, place, browser, now())
        except RequestError as error:
            typed = request.form.get("staff_id", "")
            return render_template("sign_in.html", next=after, staff_id=typed, problem=problem_of(error)), error.http_status
        response = redirect(after if session.workstation else url_for("choose_workstation", next=after), 303)
        keep(response, COOKIE, token)
        return response

    @app.post("/desk/sign-out")
    def sign_out() -> Any:
        """The desk of this page serves nobody any more."""
        session, by = here().session, here().staff
        if session.workstation:
            leave_desk(services.store, session.workstation, by=by, now=now())
        desk_sessions.end(services.store, session.session_id, now(), by=by)
        response = redirect(url_for("sign_in_form"), 303)
        response.delete_cookie(COOKIE, path="/")
        return response

    @app.post("/desk/language")
    def language() -> Any:
        """Chinese or English, kept by the browser."""
        chosen = "en" if request.form.get("language") == "en" else "zh"
        response = redirect(within(request.headers.get("Referer", "")), 303)
        keep(response, LANGUAGE_COOKIE, chosen, days=A_YEAR)
        return response


def _locks(app: Flask, services: Services) -> None:
    @app.post("/desk/lock")
    def lock() -> Any:
        desk_sessions.lock(services.store, here().session)
        return redirect(url_for("unlock_form", next=within(request.headers.get("Referer", ""))), 303)

    @app.get("/desk/unlock")
    def unlock_form() -> Any:
        staff = desk_sessions.who_locked(services.store, request.cookies.get(COOKIE))
        after, why = within(request.args.get("next", "")), request.args.get("why")
        return render_template("unlock.html", staff=staff, next=after, why=why)

    @app.post("/desk/unlock")
    def unlock() -> Any:
        """Only the same person's password opens the page again; another person signs in anew."""
        token, after = request.cookies.get(COOKIE), within(request.form.get("next", ""))
        staff = desk_sessions.who_locked(services.store, token)
        try:
            desk_sessions.unlock(services.store, token, request.form.get("password", ""), now())
        except RequestError as error:
            if error.code == "desk_session_ended":
                raise
            return render_template("unlock.html", staff=staff, next=after, problem=problem_of(error)), error.http_status
        return redirect(after, 303)


def _passwords(app: Flask, services: Services) -> None:
    @app.get("/desk/password")
    def new_password_form() -> Any:
        return render_template("password.html", next=within(request.args.get("next", "")))

    @app.post("/desk/password")
    def new_password() -> Any:
        """One's own other password; whoever knows only this open page does not change it."""
        form, after, by = request.form, within(request.form.get("next", "")), here().staff
        try:
            person = check_password(services.store, by.staff_id, form.get("password", ""), now())
            if form.get("new", "") != form.get("again", ""):
                raise RequestError("password_differs")
            change_password(services.store, by.staff_id, form.get("new", ""), by=person, now=now(), where=from_where())
        except RequestError as error:
            return render_template("password.html", next=after, problem=problem_of(error)), error.http_status
        return redirect(after, 303)


def _places(app: Flask, services: Services) -> None:
    @app.get("/desk/workstation")
    def choose_workstation() -> Any:
        places = workstations_of(services.store, here().staff.outlet_id, now())
        return render_template("workstations.html", places=places, next=within(request.args.get("next", "")))

    @app.post("/desk/workstation")
    def sit_at() -> Any:
        place = field("workstation")
        desk_sessions.sit_at(services.store, here().session, place, by=here().staff)
        response = redirect(within(request.form.get("next", "")), 303)
        keep(response, PLACE_COOKIE, place, days=A_YEAR)
        return response

    @app.get("/desk/sessions")
    def sessions() -> Any:
        rows = desk_sessions.sessions_of(services.store, here().staff.staff_id, by=here().staff)
        keys = passkeys_of(services.store, here().staff.staff_id, by=here().staff)
        return render_template("sessions.html", rows=rows, keys=keys, this=here().session.session_id)

    @app.post("/desk/sessions/<session_id>/end")
    def end_session(session_id: str) -> Any:
        desk_sessions.end(services.store, session_id, now(), by=here().staff)
        return redirect(url_for("sessions"), 303)
