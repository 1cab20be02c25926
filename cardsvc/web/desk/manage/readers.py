"""Readers: how every one fares, and what to do about it."""

from typing import Any

from flask import Flask, render_template

from cardsvc.bootstrap import Services, now
from cardsvc.service.management.reader_overview import ADVICE, DAYS, VERDICTS, readers_overview
from cardsvc.service.staff.accounts import outlets_view
from cardsvc.web.desk.manage.choice import outlet


def install(app: Flask, services: Services) -> None:
    """Add the route."""

    @app.get("/desk/manage/readers")
    def manage_readers() -> Any:
        found = readers_overview(services.store, now())
        names = {one["outlet_id"]: one["name"] for one in outlets_view(services.store)}
        shown = {"readers": found, "outlets": names, "days": DAYS, "verdicts": VERDICTS, "advice": ADVICE}
        return render_template("manage_readers.html", chosen=outlet(), **shown)
