"""The drawer of this workstation: a shift is opened with a counted float and closed with a count; in between a
supervisor brings cash or takes it away."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.ledger.cash import DENOMINATIONS
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cash.drawer import propose_move
from cardsvc.service.cash.shifts import close_shift, explain_difference, open_shift, shift_at
from cardsvc.service.operations.problem import problem_of
from cardsvc.web.desk.guard import MOST_DIGITS, field, here, workstation

MOVES = ("in", "out")
FEW = 7
"""How many denominations stand on the form at once; the small ones are folded away."""


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/drawer")
    def drawer() -> Any:
        return _page(services, {})

    @app.post("/desk/drawer/<deed>")
    def count(deed: str) -> Any:
        """Open or close the shift with a count, explain a difference, or ask for cash to be brought or taken away."""
        typed = request.form.to_dict()
        try:
            _do(services, deed, typed)
        except CardsvcError as error:
            return _page(services, typed, error), error.http_status
        return redirect(url_for("approvals" if deed in MOVES else "drawer"), 303)


def _do(services: Services, deed: str, typed: Mapping[str, str]) -> None:
    place, by, moment = ("terminal", workstation()), here().staff, now()
    shift = shift_at(services.store, place)
    if deed == "open":
        open_shift(services.store, place, pieces_of(typed), by=by, now=moment)
    elif shift is None:
        raise RequestError("shift_unknown")
    elif deed == "close":
        close_shift(services.store, shift["shift_id"], pieces_of(typed), by=by, now=moment)
    elif deed == "explain":
        explain_difference(services.store, APPROVALS, shift["shift_id"], why(), by=by, now=moment)
    elif deed in MOVES:
        pieces, reason = pieces_of(typed), field("reason")
        propose_move(services.store, APPROVALS, shift["shift_id"], deed, pieces, reason, by=by, now=moment)
    else:
        raise RequestError("http_not_found")


def why() -> str:
    """The explanation that was typed; empty for a count that agrees, of which none is asked."""
    return field("reason") if request.form.get("reason") else ""


def pieces_of(typed: Mapping[str, str]) -> dict[str, int]:
    """The counted pieces by denomination. Raises RequestError ``count_wrong``."""
    pieces = {}
    for denomination in DENOMINATIONS:
        text = typed.get(f"d{denomination}", "").strip() or "0"
        if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
            raise RequestError("count_wrong", denomination=denomination, number=text[:16])
        if int(text):
            pieces[str(denomination)] = int(text)
    return pieces


def _page(services: Services, typed: Mapping[str, str], error: CardsvcError | None = None) -> str:
    shift = shift_at(services.store, ("terminal", workstation()))
    problem = problem_of(error) if error else None
    return render_template(
        "drawer.html", shift=shift, typed=typed, problem=problem, denominations=DENOMINATIONS, few=FEW, place=workstation()
    )
