"""Staff and outlets: administrators hire, move, suspend, reset passwords, note skills, end sign-ins; hours as in the rules."""

from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.cash.staff_shifts import drawers_of
from cardsvc.service.desk.outlets import outlets_with_hours
from cardsvc.service.desk.sessions import end, sessions_of
from cardsvc.service.management.staff_admin import change_post, hire, reset_password, set_skills, set_staff_state, skills_of
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import ROLE_NAMES, SERVICE, SKILL_NAMES, NewStaff, outlets_view, require_role, staff_view
from cardsvc.service.staff.history import staff_history
from cardsvc.service.staff.passkeys import passkeys_of, remove
from cardsvc.web.desk.guard import field, from_where, here
from cardsvc.web.desk.manage.choice import outlet

STATES = {"suspend": "suspended", "enable": "active"}


def install(app: Flask, services: Services) -> None:
    """Add the routes."""
    _list(app, services)
    _one(app, services)

    @app.get("/desk/manage/outlets")
    def manage_outlets() -> Any:
        rows = outlets_with_hours(services.store, services.rules, local_day(now()))
        return render_template("manage_outlets.html", chosen=outlet(), rows=rows)


def _list(app: Flask, services: Services) -> None:
    @app.get("/desk/manage/staff")
    def manage_staff() -> Any:
        return _list_page(services)

    @app.post("/desk/manage/staff")
    def manage_staff_hire() -> Any:
        """Add a person; the one-time password stands on this answer and nowhere else."""
        by = _administrator()
        try:
            sizes = {"staff_id": 32, "name": 64, "role": 16, "outlet_id": 32}
            new = NewStaff(**{name: field(name, most=most) for name, most in sizes.items()})
            password = hire(services.store, new, by=by, now=now(), where=from_where())
        except CardsvcError as error:
            return _list_page(services, error), error.http_status
        return _person_page(services, new.staff_id, password=password)


def _one(app: Flask, services: Services) -> None:
    @app.get("/desk/manage/staff/<staff_id>")
    def manage_staff_person(staff_id: str) -> Any:
        return _person_page(services, staff_id)

    @app.post("/desk/manage/staff/<staff_id>")
    def manage_staff_deed(staff_id: str) -> Any:
        """One change; what stands against it is told on the same page."""
        by = _administrator()
        try:
            deed = field("deed", most=16)
            if deed == "reset":
                keep = request.form.get("keep_passkeys") == "1"
                password = reset_password(services.store, staff_id, by=by, now=now(), where=from_where(), keep_passkeys=keep)
                return _person_page(services, staff_id, password=password)
            _do(services, staff_id, deed)
        except CardsvcError as error:
            if error.code == "staff_unknown":
                raise
            return _person_page(services, staff_id, error), error.http_status
        return redirect(url_for("manage_staff_person", staff_id=staff_id), 303)


def _do(services: Services, staff_id: str, deed: str) -> None:
    store, by, moment, where = services.store, here().staff, now(), from_where()
    if deed == "post":
        change_post(store, staff_id, field("role", most=16), field("outlet_id", most=32), by=by, now=moment, where=where)
    elif deed in STATES:
        set_staff_state(store, staff_id, STATES[deed], by=by, now=moment, where=where)
    elif deed == "skills":
        set_skills(store, staff_id, request.form.getlist("skill"), by=by, now=moment, where=where)
    elif deed == "end":
        end(store, field("session"), moment, by=by, where=where)
    elif deed == "passkey":
        remove(store, staff_id, field("passkey"), moment, by=by, where=where)
    else:
        raise RequestError("form_incomplete", field="deed")


def _administrator() -> Any:
    """Who is at the page. Raises RequestError ``not_permitted`` for anybody but an administrator."""
    require_role(here().staff, "administrator")
    return here().staff


def _list_page(services: Services, error: CardsvcError | None = None) -> str:
    _administrator()
    outlets = outlets_view(services.store)
    return render_template(
        "manage_staff.html",
        chosen=outlet(),
        rows=sorted(staff_view(services.store), key=lambda person: (person["outlet_id"], person["staff_id"])),
        outlets=outlets,
        names={one["outlet_id"]: one["name"] for one in outlets},
        roles=ROLE_NAMES,
        problem=problem_of(error) if error else None,
    )


def _person_page(services: Services, staff_id: str, error: CardsvcError | None = None, *, password: str | None = None) -> str:
    by = _administrator()
    person = next((one for one in staff_view(services.store) if one["staff_id"] == staff_id), None)
    if person is None:
        raise RequestError("staff_unknown", staff=staff_id[:32])
    return render_template(
        "manage_person.html",
        chosen=outlet(),
        person=person,
        outlets=outlets_view(services.store),
        roles={role: word for role, word in ROLE_NAMES.items() if (role == SERVICE) == (person["role"] == SERVICE)},
        skills=SKILL_NAMES,
        able=skills_of(services.store, staff_id),
        sessions=sessions_of(services.store, staff_id, by=by),
        drawers=drawers_of(services.store, staff_id),
        keys=passkeys_of(services.store, staff_id, by=by),
        history=staff_history(services.store, staff_id),
        own=by.staff_id == staff_id,
        password=password,
        problem=problem_of(error) if error else None,
    )
