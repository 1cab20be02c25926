"""The drawer of this workstation: a shift is opened with a counted float and closed with a count; in between a
supervisor brings cash or takes it away."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.ledger.cash import DENOMINATIONS
from cardsvc.ledger.states import ShiftState
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cash.drawer import propose_move
from cardsvc.service.cash.shifts import close_shift, closed_shift, explain_difference, open_shift, shift_at
from cardsvc.service.operations.problem import problem_of
from cardsvc.web.desk.guard import MOST_DIGITS, field, here, workstation

MOVES = ("in", "out")


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/drawer")
    def drawer() -> Any:
        return _page(services, None, {})

    @app.get("/desk/drawer/<deed>")
    def drawer_form(deed: str) -> Any:
        """The form of one deed, with one button: Enter in a field never closes the shift by the way."""
        if deed not in (*MOVES, "close"):
            raise RequestError("http_not_found")
        return _page(services, deed, {})

    @app.post("/desk/drawer/<deed>")
    def count(deed: str) -> Any:
        """Open or close the shift with a count, explain a difference, or ask for cash to be brought or taken away."""
        typed = request.form.to_dict()
        try:
            shift_id = _do(services, deed, typed)
        except CardsvcError as error:
            return _page(services, deed, typed, error), error.http_status
        return redirect(url_for("approvals") if deed in MOVES else url_for("drawer", counted=shift_id), 303)


def _do(services: Services, deed: str, typed: Mapping[str, str]) -> str | None:
    """Gives the shift whose drawer was counted."""
    place, by, moment = ("terminal", workstation()), here().staff, now()
    shift = shift_at(services.store, place)
    if deed == "open":
        open_shift(services.store, place, pieces_of(typed), by=by, now=moment)
    elif shift is None:
        raise RequestError("shift_unknown")
    elif deed == "close":
        return close_shift(services.store, shift["shift_id"], counted(typed), by=by, now=moment).shift_id
    elif deed == "explain":
        explain_difference(services.store, APPROVALS, shift["shift_id"], why(), by=by, now=moment)
    elif deed in MOVES:
        pieces, reason = pieces_of(typed), field("reason")
        propose_move(services.store, APPROVALS, shift["shift_id"], deed, pieces, reason, by=by, now=moment)
    else:
        raise RequestError("http_not_found")
    return None


def why() -> str:
    """The explanation that was typed; empty for a count that agrees, of which none is asked."""
    return field("reason") if request.form.get("reason") else ""


def counted(typed: Mapping[str, str]) -> dict[str, int]:
    """A count that somebody made: of an empty drawer a 0 was typed. Raises RequestError ``count_missing``, ``count_wrong``."""
    if not any(typed.get(f"d{denomination}", "").strip() for denomination in DENOMINATIONS):
        raise RequestError("count_missing")
    return pieces_of(typed)


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


def _page(services: Services, deed: str | None, typed: Mapping[str, str], error: CardsvcError | None = None) -> str:
    """How the drawer stands, with the form of a deed: to open it where no shift is, to count again one that is being closed."""
    shift = shift_at(services.store, ("terminal", workstation()))
    if shift is None:
        deed = "open"
    elif shift["state"] != ShiftState.OPEN:
        deed = "close"
    return render_template(
        "drawer.html",
        shift=shift,
        closed=closed_shift(services.store, request.args.get("counted", ""), by=here().staff),
        deed=deed if deed in (*MOVES, "open", "close") else None,
        typed=typed,
        problem=problem_of(error) if error else None,
        denominations=DENOMINATIONS,
        place=workstation(),
    )
