"""Who is at the page, in which language, and that a request comes from it: before every request; and the headers of answers."""

import datetime as dt
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask import Flask, g, request
from flask import Response as FlaskResponse
from markupsafe import Markup
from werkzeug.wrappers import Response

from cardsvc.bootstrap import Services, now
from cardsvc.errors import RequestError
from cardsvc.service.desk.sessions import SignedIn, check_form, signed_in
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.purse.payments import CASH, REFERENCE
from cardsvc.service.words.rules import rule_in_words
from cardsvc.text import Language, Text
from cardsvc.units import FIRST_DAY, LAST_DAY, parse_yuan

COOKIE: Final = "cardsvc_desk"
LANGUAGE_COOKIE: Final = "cardsvc_lang"
PLACE_COOKIE: Final = "cardsvc_workstation"
OPEN_DOORS = frozenset(
    {
        "static",
        "sign_in",
        "sign_in_form",
        "passkey_challenge",
        "passkey_sign_in",
        "passkey_unlock",
        "unlock",
        "unlock_form",
        "language",
        "home",
    }
)
"""What needs nobody signed in."""
WITH_ONE_TIME_PASSWORD = frozenset({"new_password_form", "new_password", "sign_out", "lock"})
"""What a password opens that an administrator chose."""
HALL_SCREENS = frozenset(
    {
        "hall_screen",
        "hall_display",
        "hall_display_live",
        "ticket_machine",
        "ticket_machine_live",
        "take_ticket",
        "appraisal_screen",
        "appraisal_live",
        "appraisal_given",
    }
)
"""Screens that stand in the hall: they show numbers, never a person."""
FOLLOWING = frozenset(
    {
        "events",
        "here",
        "live_work",
        "live_job",
        "look",
        "job_forms",
        "manage_hall_live",
        "queue_lists",
        "bulk_live",
        "face_live",
        "faces_live",
    }
)
"""What a page does by itself: it keeps no page open that nobody touches."""
TOUCHED = "touched"
"""With this in its address, a page tells that a key or the screen was touched since it told last."""
MOST_DIGITS = 9
"""Of a whole number in a form: Python itself refuses to read some thousand digits, with an error that is none of ours."""
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def install(app: Flask, services: Services) -> None:
    """Guard every request."""
    _names(app, services)

    @app.before_request
    def _who() -> None:
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise RequestError("form_foreign")
        g.language = "en" if request.cookies.get(LANGUAGE_COOKIE) == "en" else "zh"
        if request.endpoint in OPEN_DOORS | HALL_SCREENS:
            return
        act, once = request.endpoint not in FOLLOWING or TOUCHED in request.args, request.endpoint in WITH_ONE_TIME_PASSWORD
        g.signed_in = signed_in(services.store, request.cookies.get(COOKIE), now(), act=act, once=once)
        if request.method == "POST":
            check_form(here().session, request.form.get("csrf", ""))

    @app.after_request
    def _headers(response: FlaskResponse) -> FlaskResponse:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    @app.context_processor
    def _in_every_page() -> dict[str, object]:
        return {"me": g.get("signed_in"), "new_key": lambda: secrets.token_urlsafe(24)}


def _names(app: Flask, services: Services) -> None:
    families = {one.id: Text(one.name_zh, one.name_en) for one in services.profiles}

    @app.template_filter("who")
    def _who_is(staff_id: str) -> str:
        """The name of one of the staff."""
        if staff_id not in (known := g.setdefault("staff_names", {})):
            with services.store.read() as uow:
                known.update({staff_id: staff_id} | uow.staff.names([staff_id]))
        return str(known[staff_id])

    @app.template_filter("outlet")
    def _outlet_is(outlet_id: str) -> str:
        """The name of an outlet."""
        if "outlet_names" not in g:
            with services.store.read() as uow:
                g.outlet_names = {outlet.outlet_id: outlet.name for outlet in uow.outlets.all()}
        return str(g.outlet_names.get(outlet_id) or outlet_id)

    @app.template_filter("family")
    def _family_is(profile_id: str) -> str:
        """The name of a card family."""
        return families[profile_id].into(language()) if profile_id in families else profile_id

    @app.template_filter("by_rule")
    def _by_rule(ids: str | Iterable[str]) -> Markup:
        """What rules say, in words; their ids show under the pointer. ``ids``: of one, of many, or a kept list."""
        named = ids.split(", ") if isinstance(ids, str) else list(ids)
        if "rule_set" not in g:
            with services.store.read() as uow:
                g.rule_set = services.rules.in_force(uow, local_day(now()))
        said = dict.fromkeys(rule_in_words(g.rule_set, one).into(language()) for one in named if one)
        return (
            Markup('<span class="small" title="{}">{}</span>').format(", ".join(named), "；".join(said)) if said else Markup()
        )


def here() -> SignedIn:
    """Who sent this request."""
    found: SignedIn = g.signed_in
    return found


def workstation() -> str:
    """The workstation that this page belongs to. Raises RequestError ``workstation_not_chosen``."""
    place = here().session.workstation
    if place is None:
        raise RequestError("workstation_not_chosen")
    return place


def from_where() -> str:
    """Where this request comes from, as it is kept with what it changes about staff."""
    return f"desk {here().session.workstation or '-'} {request.remote_addr or ''}".strip()


def language() -> Language:
    """The language that this browser chose."""
    chosen: Language = g.get("language", "zh")
    return chosen


def field(name: str, *, most: int = 200) -> str:
    """A field of the form, without blanks around it. Raises RequestError ``form_incomplete``."""
    value = request.form.get(name, "").strip()
    if not value or len(value) > most:
        raise RequestError("form_incomplete", field=name)
    return value


def payment_of(form: Mapping[str, str]) -> dict[str, Any]:
    """How it is paid, from a form: method, reference, and what was handed over, which only cash has.

    Raises RequestError ``amount_not_a_number``, ``payment_reference_needed``.
    """
    method, given, reference = form.get("method", CASH), form.get("given", "").strip(), form.get("reference", "").strip()
    if method != CASH and not re.match(REFERENCE, reference):
        raise RequestError("payment_reference_needed")
    told = {"given": int(parse_yuan(given))} if given and method == CASH else {}
    return {"method": method, "reference": reference or None, **told}


def day_of(typed: str, name: str) -> dt.date:
    """A day as a form or an address gives it. Raises RequestError ``form_incomplete`` for what is none, or far away."""
    try:
        found = dt.date.fromisoformat(typed)
    except ValueError:
        raise RequestError("form_incomplete", field=name) from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise RequestError("form_incomplete", field=name)
    return found


def keep(response: Response, name: str, value: str, *, days: int | None = None) -> None:
    """A cookie that only this page sends back."""
    age = None if days is None else days * 86_400
    response.set_cookie(name, value, max_age=age, path="/", httponly=True, secure=request.is_secure, samesite="Strict")
