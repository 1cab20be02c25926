"""The screens of a hall: which there are, when each was seen; a new one is paired by the code that it shows."""

from typing import Any

from flask import Flask, redirect, render_template, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError
from cardsvc.service.hall import screens
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.staff.accounts import outlets_view
from cardsvc.web.desk.guard import field, here
from cardsvc.web.desk.manage.choice import outlet


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/manage/screens")
    def manage_screens() -> Any:
        return _page(services)

    @app.post("/desk/manage/screens")
    def manage_screens_pair() -> Any:
        """Say what the screen is that shows this code."""
        try:
            code, purpose = "".join(field("code", most=16).split()), field("purpose", most=16)
            desk = field("desk", most=16) if purpose == screens.APPRAISE else None
            screens.pair(services.store, code, purpose, outlet(), desk, by=here().staff, now=now())
        except CardsvcError as error:
            return _page(services, error), error.http_status
        return redirect(url_for("manage_screens", outlet=outlet()), 303)

    @app.post("/desk/manage/screens/<screen_id>/end")
    def manage_screens_end(screen_id: str) -> Any:
        """It is taken away, or stands elsewhere now."""
        screens.unpair(services.store, screen_id, by=here().staff, now=now())
        return redirect(url_for("manage_screens", outlet=outlet()), 303)


def _page(services: Services, error: CardsvcError | None = None) -> str:
    chosen, by = outlet(), here().staff
    with services.store.read() as uow:
        desks = screens.desks_of(uow, chosen)
    return render_template(
        "manage_screens.html",
        chosen=chosen,
        outlets=outlets_view(services.store),
        desks=desks,
        rows=screens.screens_of(services.store, chosen, now()),
        writes=by.role == "administrator" or (by.role == "supervisor" and by.outlet_id == chosen),
        problem=problem_of(error) if error else None,
    )
