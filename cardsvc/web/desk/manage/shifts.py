"""A drawer that its teller does not close: counted by a supervisor, from the day-end's list of what is open."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.ledger.cash import DENOMINATIONS
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cash.shifts import close_shift, explain_difference
from cardsvc.service.cash.staff_shifts import drawer_left
from cardsvc.service.operations.problem import problem_of
from cardsvc.web.desk.drawer import counted, why
from cardsvc.web.desk.guard import here


def install(app: Flask, services: Services) -> None:
    """Add the routes. Their names begin like that of the day-end, whose tab they stand under."""

    @app.get("/desk/manage/day/shifts/<shift_id>")
    def manage_day_shift(shift_id: str) -> Any:
        return _page(services, shift_id, {})

    @app.post("/desk/manage/day/shifts/<shift_id>/<deed>")
    def manage_day_count(shift_id: str, deed: str) -> Any:
        """Close by a count, or explain a difference. An outlet's supervisors do it; the service says so to others."""
        typed = request.form.to_dict()
        try:
            closed = _do(services, shift_id, deed, typed)
        except CardsvcError as error:
            return _page(services, shift_id, typed, error), error.http_status
        door = url_for("manage_day") if closed else url_for("manage_day_shift", shift_id=shift_id)
        return redirect(door, 303)


def _do(services: Services, shift_id: str, deed: str, typed: Mapping[str, str]) -> bool:
    """Whether the shift is closed now."""
    by, moment = here().staff, now()
    if deed == "close":
        return close_shift(services.store, shift_id, counted(typed), by=by, now=moment).closed_at is not None
    if deed == "explain":
        explain_difference(services.store, APPROVALS, shift_id, why(), by=by, now=moment)
        return False
    raise RequestError("http_not_found")


def _page(services: Services, shift_id: str, typed: Mapping[str, str], error: CardsvcError | None = None) -> str:
    shift = drawer_left(services.store, shift_id)
    return render_template(
        "manage_shift.html",
        chosen=shift["outlet_id"],
        shift=shift,
        typed=typed,
        denominations=DENOMINATIONS,
        may_count=(here().staff.role, here().staff.outlet_id) == ("supervisor", shift["outlet_id"]),
        problem=problem_of(error) if error else None,
    )
