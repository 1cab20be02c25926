"""Service stars: figures of each person of an outlet in a quarter, as a page and a file. No figure leads to a citizen."""

import datetime as dt
from typing import Any

from flask import Flask, Response, render_template, request

from cardsvc.bootstrap import Services, now
from cardsvc.service.hall.stars import quarter, service_stars
from cardsvc.service.hall.stars_print import COLUMNS, stars_csv
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import outlets_view
from cardsvc.web.desk.guard import here, language
from cardsvc.web.desk.manage.choice import outlet

SHOWN = 8
"""Quarters that are offered: this one and those before."""


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/manage/stars")
    def manage_stars() -> Any:
        wanted = _quarter()
        rows = service_stars(services.store, outlet(), wanted, by=here().staff)
        shown = {"rows": rows, "columns": COLUMNS, "wanted": wanted, "quarters": _newest(local_day(now()))}
        return render_template("manage_stars.html", chosen=outlet(), outlets=outlets_view(services.store), **shown)

    @app.get("/desk/manage/stars.csv")
    def manage_stars_csv() -> Any:
        wanted = _quarter()
        rows = service_stars(services.store, outlet(), wanted, by=here().staff)
        content = stars_csv(rows, outlet(), wanted, language())
        headers = {"Content-Disposition": f"attachment; filename=stars-{wanted}.csv"}
        return Response(content, mimetype="text/csv", headers=headers)


def _quarter() -> str:
    """The quarter that is asked for, this one by default. Raises RequestError ``quarter_wrong``."""
    wanted = request.args.get("quarter") or _newest(local_day(now()))[0]
    quarter(wanted)
    return wanted


def _newest(today: dt.date) -> list[str]:
    number = today.year * 4 + (today.month - 1) // 3
    return [f"{one // 4}Q{one % 4 + 1}" for one in range(number, number - SHOWN, -1)]
