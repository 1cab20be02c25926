"""Decisions of two people on the second person's own screen: what waits, with its reason; agree or refuse."""

from functools import partial
from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError, StoreError
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cards.deaths import CITIZEN_DEATH
from cardsvc.service.cards.person_changes import CITIZEN_CHANGE
from cardsvc.service.desk.work_place import job_of
from cardsvc.service.faults.repair import propose_repair
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.staff.approvals import approvals_for, approve, reject, waiting_for, withdraw
from cardsvc.service.words.decisions import payload_rows, payload_texts
from cardsvc.web.desk.guard import field, here, workstation
from cardsvc.web.desk.words import card_no

OF_PERSONS = (CITIZEN_CHANGE.name, CITIZEN_DEATH.name)
"""Decisions about a person: their page shows what is decided."""


def install(app: Flask, services: Services) -> None:
    """Add the routes, and what the menu of every page tells of them."""

    @app.context_processor
    def _in_every_page() -> dict[str, object]:
        return {"decisions_waiting": partial(_waiting, services)}

    @app.get("/desk/approvals")
    def approvals() -> Any:
        return _page(services)

    @app.post("/desk/approvals/<approval_id>")
    def decide(approval_id: str) -> Any:
        """Agree, refuse or take back; what stands against it is told on the same page."""
        try:
            _decide(services, approval_id, field("decision"), request.form.get("remark", ""))
        except CardsvcError as error:
            return _page(services, error), error.http_status
        return redirect(url_for("approvals"), 303)

    @app.post("/desk/operations/<operation_id>/propose")
    def propose_steps(operation_id: str) -> Any:
        """Ask a second person about the steps that a repair left waiting."""
        job = job_of(services.engine, workstation(), operation_id, by=here().staff)
        steps = [step["name"] for step in job.result.get("waiting", ())]
        propose_repair(services.store, APPROVALS, job.card_no or "", steps, field("reason"), by=here().staff, now=now())
        return redirect(url_for("approvals"), 303)


def _waiting(services: Services) -> int:
    """How many decisions wait for whoever is here. A page that tells that the database is away is shown without it."""
    try:
        return waiting_for(services.store, APPROVALS, here().staff)
    except StoreError:
        return 0


def _decide(services: Services, approval_id: str, decision: str, remark: str) -> None:
    by, moment = here().staff, now()
    if decision == "approve":
        approve(services.store, APPROVALS, approval_id, remark, by=by, now=moment)
    elif decision == "reject":
        reject(services.store, APPROVALS, approval_id, remark, by=by, now=moment)
    elif decision == "withdraw":
        withdraw(services.store, approval_id, by=by, now=moment)
    else:
        raise RequestError("form_incomplete", field="decision")


def _page(services: Services, error: CardsvcError | None = None) -> str:
    waiting = approvals_for(services.store, APPROVALS, here().staff)
    return render_template(
        "approvals.html",
        waiting=waiting,
        problem=problem_of(error) if error else None,
        rows_of=partial(payload_rows, number=card_no),
        texts_of=payload_texts,
        of_persons=OF_PERSONS,
    )
