"""Reports over HTTP, for offices: the finance system of a bureau fetches the sheets of a day. Only reading."""

from typing import Any

from flask import Flask, Response, g, request
from spectree import SpecTree

from cardsvc.bootstrap import Services
from cardsvc.errors import RequestError
from cardsvc.service.books.reports import day_sheet
from cardsvc.service.books.sheet_print import printed_sheet
from cardsvc.service.terminals.registry import OFFICE
from cardsvc.web.api.models_day import DaySheet, PrintQuery, SheetQuery
from cardsvc.web.api.problems import ERRORS, Answers

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}


def install_reports(app: Flask, spec: SpecTree, services: Services) -> None:
    """The routes of reports."""

    @app.get("/api/v1/reports/day-sheet")
    @spec.validate(query=SheetQuery, resp=Answers(HTTP_200=DaySheet, **ERRORS), tags=["reports"])
    def get_day_sheet() -> Any:
        """What was booked on a day, by teller, terminal, outlet or product, with every drawer; ``seal`` once the outlet's
        day was ended."""
        return _sheet(services, SheetQuery.model_validate(request.args.to_dict()))

    @app.get("/api/v1/reports/day-sheet/print")
    @spec.validate(query=PrintQuery, resp=Answers(**ERRORS), tags=["reports"])
    def print_day_sheet() -> Any:
        """The same sheet for a spreadsheet (CSV) or on paper (PDF)."""
        query = PrintQuery.model_validate(request.args.to_dict())
        content = printed_sheet(_sheet(services, query), query.form, query.lang)
        return Response(content, content_type=MEDIA_TYPES[query.form])


def _sheet(services: Services, query: SheetQuery) -> dict[str, Any]:
    if g.actor.role != OFFICE:
        raise RequestError("operation_not_permitted", kind="report")
    return day_sheet(services.store, query.day, query.by, office_outlet(services, query.outlet))


def office_outlet(services: Services, asked: str | None) -> str | None:
    """The outlet that this office may ask about: its own, where it was registered with one; else any, or all.

    Raises RequestError ``operation_not_permitted``.
    """
    with services.store.read() as uow:
        terminal = uow.terminals.get(g.actor.id)
    own = terminal.outlet_id if terminal else None
    if own is not None and asked not in (None, own):
        raise RequestError("operation_not_permitted", kind="report")
    return own or asked
