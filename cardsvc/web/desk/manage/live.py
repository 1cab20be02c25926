"""The hall now: a page whose figures are fetched again every few seconds."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, render_template

from cardsvc.bootstrap import Services, now
from cardsvc.service.books.figures import JOB_NAMES
from cardsvc.service.hall.live import live_hall
from cardsvc.service.staff.accounts import outlets_view
from cardsvc.web.desk.manage.choice import outlet


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/manage")
    def manage_hall() -> Any:
        return render_template("manage_hall.html", outlets=outlets_view(services.store), **_hall(services))

    @app.get("/desk/manage/live")
    def manage_hall_live() -> Any:
        return render_template("_manage_hall.html", **_hall(services))


def _hall(services: Services) -> Mapping[str, Any]:
    chosen = outlet()
    return {"hall": live_hall(services.store, services.rules, chosen, now()), "chosen": chosen, "job_names": JOB_NAMES}
