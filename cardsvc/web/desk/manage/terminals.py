"""Terminals and the hot list: who is there, and who is behind."""

from typing import Any

from flask import Flask, render_template

from cardsvc.bootstrap import Services, now
from cardsvc.service.management.terminal_overview import terminals_overview
from cardsvc.service.staff.accounts import outlets_view
from cardsvc.web.desk.manage.choice import outlet


def install(app: Flask, services: Services) -> None:
    """Add the route."""

    @app.get("/desk/manage/terminals")
    def manage_terminals() -> Any:
        found = terminals_overview(services.store, now())
        behind = sum(1 for row in found["terminals"] if row["behind"])
        names = {one["outlet_id"]: one["name"] for one in outlets_view(services.store)}
        return render_template("manage_terminals.html", chosen=outlet(), behind=behind, outlets=names, **found)
