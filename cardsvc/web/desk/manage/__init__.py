"""Management pages: the hall now, figures over time, day-end, terminals, rules, stock, worklists. Not for clerks."""

from typing import Final

from flask import Flask, request

from cardsvc.bootstrap import Services
from cardsvc.service.staff.accounts import require_role
from cardsvc.web.desk.guard import here
from cardsvc.web.desk.manage import (
    day,
    figures,
    live,
    people,
    readers,
    rules,
    screens,
    shifts,
    stars,
    stock,
    terminals,
    worklists,
)

MANAGERS: Final = ("supervisor", "auditor", "administrator")
"""Who sees these pages; what each may do there is said by the services."""
STOCK_ROOM: Final = (*MANAGERS, "stock_keeper")
"""Who sees the stock of blank cards."""


def install(app: Flask, services: Services) -> None:
    """Add the routes. Every one is named ``manage_...``, and that is what the door asks for."""

    @app.before_request
    def _managers_only() -> None:
        if (request.endpoint or "").startswith("manage_"):
            require_role(here().staff, *(STOCK_ROOM if request.endpoint in stock.ENDPOINTS else MANAGERS))

    app.jinja_env.globals.update(managers=MANAGERS)
    for part in (live, figures, stars, day, shifts, screens, terminals, readers, rules, stock, worklists, people):
        part.install(app, services)
