"""Figures over time: bars, the table that they are drawn from, and a file for a spreadsheet."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from flask import Flask, Response, render_template, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import RequestError
from cardsvc.service.books.figures import MEANS, TABLES, figures
from cardsvc.service.books.figures_print import figures_chart, figures_csv, named
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import outlets_view
from cardsvc.text import Text
from cardsvc.web.desk.guard import language
from cardsvc.web.desk.manage.choice import ALL, day, outlet_or_all, ticket_names

A_FORTNIGHT = dt.timedelta(days=13)
SPANS = (
    (Text("今天", "Today"), 0),
    (Text("7 天", "7 days"), 6),
    (Text("30 天", "30 days"), 29),
    (Text("90 天", "90 days"), 89),
)
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""A picture has its colours in style attributes, and may do nothing else."""


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/manage/figures")
    def manage_figures() -> Any:
        found = _found(services)
        asked = {"from": found["first"], "to": found["last"], "outlet": found["outlet_id"] or ALL}
        today, tickets = local_day(now()), ticket_names(services)
        spans = [
            (title, url_for("manage_figures", **{**asked, "from": today - dt.timedelta(days=back), "to": today}))
            for title, back in SPANS
        ]
        return render_template(
            "manage_figures.html",
            found=found,
            asked=asked,
            titles=TABLES,
            means=MEANS,
            name=lambda table, what: named(table, what, tickets),
            outlets=outlets_view(services.store),
            chosen=asked["outlet"],
            spans=spans,
            today=today,
        )

    @app.get("/desk/manage/figures.csv")
    def manage_figures_csv() -> Any:
        found = _found(services)
        name = f"figures-{found['first']}-{found['last']}.csv"
        content = figures_csv(found, ticket_names(services), language())
        return Response(content, mimetype="text/csv", headers={"Content-Disposition": f"attachment; filename={name}"})

    @app.get("/desk/manage/figures/<table>.svg")
    def manage_figures_chart(table: str) -> Any:
        if table not in TABLES:
            raise RequestError("http_not_found")
        picture = figures_chart(_found(services, (table,)), table)
        return Response(picture, mimetype="image/svg+xml", headers={"Content-Security-Policy": PICTURE_POLICY})


def _found(services: Services, only: Collection[str] = tuple(TABLES)) -> dict[str, Any]:
    today = local_day(now())
    last = day("to", today)
    return figures(services.store, day("from", last - A_FORTNIGHT), last, outlet_or_all(), only)
