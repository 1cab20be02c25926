"""Day-end: what keeps the day from ending, ending it, and the day sheets."""

from typing import Any

from flask import Flask, Response, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.books.day_end import REASONS, day_status, end_day
from cardsvc.service.books.figures import JOB_NAMES
from cardsvc.service.books.reports import BY, day_sheet
from cardsvc.service.books.sheet_print import printed_sheet
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import outlets_view
from cardsvc.web.desk.guard import field, here, language
from cardsvc.web.desk.manage.choice import day, outlet, outlet_or_all

TYPES = {"csv": "text/csv", "pdf": "application/pdf"}


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/manage/day")
    def manage_day() -> Any:
        return _page(services)

    @app.post("/desk/manage/day")
    def manage_day_end() -> Any:
        """End a day that somebody confirmed; jobs whose time is over are swept first, as they would keep it open."""
        try:
            field("confirmed")
            ended = day("day", local_day(now()))
            services.engine.sweep_all()
            end_day(services.store, outlet(), ended, by=here().staff, now=now())
        except CardsvcError as error:
            return _page(services, error), error.http_status
        return redirect(url_for("manage_day", outlet=outlet()), 303)

    @app.get("/desk/manage/day/sheet.<form>")
    def manage_day_sheet(form: str) -> Any:
        if form not in TYPES or request.args.get("by", BY[0]) not in BY:
            raise RequestError("http_not_found")
        wanted, by = day("day", local_day(now())), request.args.get("by", BY[0])
        content = printed_sheet(day_sheet(services.store, wanted, by, outlet_or_all()), form, language())
        name = f"day-{wanted}-{by}.{form}"
        return Response(content, mimetype=TYPES[form], headers={"Content-Disposition": f"attachment; filename={name}"})


def _page(services: Services, error: CardsvcError | None = None) -> str:
    chosen, today = outlet(), local_day(now())
    return render_template(
        "manage_day.html",
        chosen=chosen,
        outlets=outlets_view(services.store),
        today=today,
        asked=request.form.get("day") or today,
        may_end=here().staff.role == "supervisor" and here().staff.outlet_id == chosen,
        reasons=REASONS,
        job_names=JOB_NAMES,
        problem=problem_of(error) if error else None,
        **day_status(services.store, chosen),
    )
