"""Worklists: suspect money with its evidence, held money that nobody fetched, differences of a reconciliation with the entry
that is proposed, and what the library's system could not be told."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.figures import JOB_NAMES
from cardsvc.service.messages.library import list_library, try_library_again
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.purse.suspects import case_view, suspects, unused_fees
from cardsvc.service.purse.suspects import take as take_suspect
from cardsvc.service.reconcile.correct import Correction, explain, parse_difference, propose_entry, take
from cardsvc.service.reconcile.worklist import OPEN, all_differences, differences_page, recent_runs
from cardsvc.service.transactions.held_orders import held_orders
from cardsvc.service.transactions.held_view import held_worklist
from cardsvc.service.transactions.takeovers import waiting
from cardsvc.service.words.differences_print import differences_csv
from cardsvc.units import parse_card_no
from cardsvc.web.desk.guard import field, here, language
from cardsvc.web.desk.manage.choice import outlet
from cardsvc.web.desk.words import card_no


def install(app: Flask, services: Services) -> None:
    """Add the routes."""
    _suspects(app, services)
    _held(app, services)
    _differences(app, services)
    _library(app, services)


def _suspects(app: Flask, services: Services) -> None:
    @app.get("/desk/manage/suspects")
    def manage_suspects() -> Any:
        rows, unused = suspects(services.store, now()), unused_fees(services.store, now())
        return render_template("manage_suspects.html", chosen=outlet(), rows=rows, unused=unused)

    @app.get("/desk/manage/suspects/<card_no>/<subject_id>")
    def manage_suspects_case(card_no: str, subject_id: str) -> Any:
        found = case_view(services.store, parse_card_no(card_no), subject_id, now())
        return render_template("manage_suspect.html", chosen=outlet(), case=found, job_names=JOB_NAMES)

    @app.post("/desk/manage/suspects/<card_no>/<subject_id>")
    def manage_suspects_take(card_no: str, subject_id: str) -> Any:
        """Look after it from now on."""
        note = request.form.get("note", "").strip()
        take_suspect(services.store, parse_card_no(card_no), subject_id, note, by=here().staff, now=now())
        return redirect(url_for("manage_suspects_case", card_no=card_no, subject_id=subject_id), 303)


def _held(app: Flask, services: Services) -> None:
    @app.get("/desk/manage/held")
    def manage_held() -> Any:
        """Money of old cards; it is paid back on the page of its card, at a desk."""
        rows = held_worklist(services.store, services.rules, now())
        return render_template(
            "manage_held.html", chosen=outlet(), rows=rows, cards=waiting(services.store), orders=held_orders(services.store)
        )


def _library(app: Flask, services: Services) -> None:
    @app.get("/desk/manage/library")
    def manage_library() -> Any:
        """What the library's system could not be told, and what was told last."""
        failed, latest = list_library(services.store, failed=True), list_library(services.store)
        return render_template("manage_library.html", chosen=outlet(), failed=failed, latest=latest)

    @app.post("/desk/manage/library/<citizen_id>/<int:number>")
    def manage_library_again(citizen_id: str, number: int) -> Any:
        try_library_again(services.store, citizen_id, number, by=here().staff, now=now())
        return redirect(url_for("manage_library"), 303)


def _differences(app: Flask, services: Services) -> None:
    @app.get("/desk/manage/differences")
    def manage_differences() -> Any:
        return _page(services)

    @app.get("/desk/manage/differences/<run_id>.csv")
    def manage_differences_csv(run_id: str) -> Any:
        """Of one run, in the state that is asked for."""
        state = request.args.get("state") or OPEN
        rows, run = all_differences(services.store, run_id, state), differences_page(services.store, run_id)["run"]
        content = differences_csv(run, rows, card_no, language())
        headers = {"Content-Disposition": f"attachment; filename=differences-{run['day']}.csv"}
        return Response(content, mimetype="text/csv", headers=headers)

    @app.post("/desk/manage/differences/<run_id>/<int:number>")
    def manage_differences_deed(run_id: str, number: int) -> Any:
        """Take it, explain it, or propose its entry; what stands against it is told on the same page."""
        try:
            _do(services, parse_difference(f"{run_id}/{number}"), field("deed"))
        except CardsvcError as error:
            return _page(services, run_id, error), error.http_status
        return redirect(url_for("manage_differences", run=run_id), 303)


def _do(services: Services, which: Correction, deed: str) -> None:
    store, by, moment = services.store, here().staff, now()
    if deed == "take":
        take(store, which, by=by, now=moment)
    elif deed == "explain":
        explain(store, which, field("reason"), by=by, now=moment)
    elif deed == "propose":
        propose_entry(store, APPROVALS, which, field("reason"), by=by, now=moment)
    else:
        raise RequestError("form_incomplete", field="deed")


def _page(services: Services, run_id: str | None = None, error: CardsvcError | None = None) -> str:
    runs = recent_runs(services.store)
    wanted = run_id or request.args.get("run") or (runs[0]["run_id"] if runs else None)
    state = request.args.get("state") or OPEN
    after = request.args.get("after", "0")
    page: Mapping[str, Any] = {"run": None, "rows": [], "next": None}
    if wanted is not None:
        page = differences_page(services.store, wanted, state, int(after) if after.isascii() and after.isdecimal() else 0)
    problem = problem_of(error) if error else None
    return render_template("manage_differences.html", chosen=outlet(), runs=runs, state=state, problem=problem, **page)
