"""The hall now: a page whose figures are fetched again every few seconds."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, redirect, render_template, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.service.books.figures import JOB_NAMES
from cardsvc.service.hall.desks import close_desk_of
from cardsvc.service.hall.live import live_hall
from cardsvc.service.staff.accounts import outlets_view, require_role
from cardsvc.web.desk.guard import here
from cardsvc.web.desk.manage.choice import outlet


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/manage")
    def manage_hall() -> Any:
        return render_template("manage_hall.html", outlets=outlets_view(services.store), **_hall(services))

    @app.get("/desk/manage/live")
    def manage_hall_live() -> Any:
        return render_template("_manage_hall.html", **_hall(services))

    @app.get("/desk/manage/desks/<desk>/close")
    def manage_hall_closing(desk: str) -> Any:
        """What becomes of the number that is there, before it is done."""
        require_role(here().staff, "supervisor")
        seen = live_hall(services.store, services.rules, here().staff.outlet_id, now())["desks"]
        shut = {"desk": desk[:16], "staff": None}
        found = next((one for one in seen if one["desk"] == desk), shut)
        return render_template("manage_hall_closing.html", chosen=here().staff.outlet_id, desk=found, job_names=JOB_NAMES)

    @app.post("/desk/manage/desks/<desk>/close")
    def manage_hall_close(desk: str) -> Any:
        """Somebody went and left a desk open."""
        close_desk_of(services.store, desk, by=here().staff, now=now())
        return redirect(url_for("manage_hall"), 303)


def _hall(services: Services) -> Mapping[str, Any]:
    chosen = outlet()
    return {"hall": live_hall(services.store, services.rules, chosen, now()), "chosen": chosen, "job_names": JOB_NAMES}
