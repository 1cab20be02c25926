"""Bulk issue on the desk page: a file checked and loaded, its photos, the run on readers of this workstation, its report.

The run is a thread of this process; what it tells is in the database, so every process shows it. When the process goes, the
cards that are begun stay begun, and the same batch is started again.
"""

import logging
import re
import threading
from collections.abc import Iterator
from functools import partial
from typing import IO, Any

from flask import Flask, Response, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError
from cardsvc.service.bulk.batches import begin_run, give_up, list_batches, pause, report_batch, show_batch
from cardsvc.service.bulk.loading import MAY_LOAD, check_people, load_people
from cardsvc.service.bulk.photo_files import Sent, in_zip, is_zip, photo_files
from cardsvc.service.bulk.photos import keep_photos
from cardsvc.service.bulk.run import BulkRun
from cardsvc.service.bulk.station import StationReader, claim, ended, live_batch, still_running
from cardsvc.service.bulk.words import BINS, REASONS, STATES, report_csv, why
from cardsvc.service.desk.workstations import workstation_view
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.people.reading import MAX_BYTES
from cardsvc.service.people.reasons import lines_wrong
from cardsvc.service.staff.accounts import require_role
from cardsvc.store.records import Staff
from cardsvc.text import Text
from cardsvc.web.desk.guard import here, language, workstation

FORM_BYTES = 64 * 1024
PHOTOS_BYTES, PHOTOS_PARTS = 64 * 1024 * 1024, 2000
"""Of one form with photos; a larger batch sends several, and what is kept already is not kept twice."""
PROBLEMS_SHOWN = 500
BELOW = Text("见下表", "see the table below")
_LOG = logging.getLogger(__name__)


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.url_value_preprocessor
    def _large_files(endpoint: str | None, _values: Any) -> None:
        """Only these forms may send a large body, and it is read after its sender is known."""
        if endpoint == "bulk_upload":
            request.max_content_length = MAX_BYTES + FORM_BYTES
        if endpoint == "bulk_photos":
            request.max_content_length, request.max_form_parts = PHOTOS_BYTES, PHOTOS_PARTS

    @app.get("/desk/bulk")
    def bulk_batches() -> Any:
        return _list_page(services)

    @app.post("/desk/bulk")
    def bulk_upload() -> Any:
        """Check a file, or load it: every bad line stands in a table."""
        return _upload(services)

    _one(app, services)
    _photos(app, services)


def _photos(app: Flask, services: Services) -> None:
    @app.post("/desk/bulk/<batch_id>/photos")
    def bulk_photos(batch_id: str) -> Any:
        """Photos for the faces: ZIP files or single ones, named by ID number; all of them are kept or none."""
        try:
            found, consent = photo_files(_sent()), request.form.get("consent") == "1"
            who = here().staff
            kept = keep_photos(services.store, services.rules, batch_id, found, consent=consent, by=who, now=now())
        except CardsvcError as error:
            if error.code == "bulk_batch_unknown":
                raise
            return _batch_page(services, batch_id, error), error.http_status
        return _batch_page(services, batch_id, kept=kept)


def _one(app: Flask, services: Services) -> None:
    @app.get("/desk/bulk/<batch_id>")
    def bulk_batch(batch_id: str) -> Any:
        return _batch_page(services, batch_id)

    @app.get("/desk/bulk/<batch_id>/live")
    def bulk_live(batch_id: str) -> Any:
        return render_template("_bulk.html", **_live(services, batch_id))

    @app.post("/desk/bulk/<batch_id>")
    def bulk_deed(batch_id: str) -> Any:
        """Start it on readers of this workstation, pause it, or give up the card that was begun for a line."""
        try:
            require_role(here().staff, *MAY_LOAD)
            deed, line = request.form.get("deed"), request.form.get("line", "")
            if deed == "pause":
                pause(services.store, batch_id)
            elif deed == "give_up":
                give_up(services.engine, batch_id, int(line) if re.fullmatch(r"[0-9]{1,6}", line) else 0, by=here().staff)
            else:
                _start(services, batch_id, request.form.getlist("reader"), here().staff, workstation())
        except CardsvcError as error:
            if error.code == "bulk_batch_unknown":
                raise
            return _batch_page(services, batch_id, error), error.http_status
        return redirect(url_for("bulk_batch", batch_id=batch_id), 303)

    @app.get("/desk/bulk/<batch_id>/report.csv")
    def bulk_report(batch_id: str) -> Any:
        content = "\ufeff" + report_csv(report_batch(services.store, batch_id), language())
        name = f"attachment; filename=bulk-{batch_id[:8]}.csv"
        return Response(content, mimetype="text/csv", headers={"Content-Disposition": name})


def _sent() -> Iterator[Sent]:
    """The files of the form, those in ZIP files one by one."""
    for file in request.files.getlist("photo"):
        name = file.filename or ""
        if is_zip(name):
            yield from in_zip(name, file.stream)
        elif name:
            yield name, partial(_whole, file.stream)


def _whole(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    return stream.read()


def _upload(services: Services) -> Any:
    require_role(here().staff, *MAY_LOAD)
    file = request.files.get("file")
    content = file.stream.read(MAX_BYTES + 1) if file else b""
    try:
        if request.form.get("deed") == "load":
            loaded = load_people(
                services.store, services.profiles, (file and file.filename) or "-", content, by=here().staff, now=now()
            )
            return redirect(url_for("bulk_batch", batch_id=loaded.batch.batch_id), 303)
        checked = check_people(services.store, services.profiles, content, now())
    except CardsvcError as error:
        return _list_page(services, error), error.http_status
    return _list_page(services, checked=checked)


def _start(services: Services, batch_id: str, readers: list[str], by: Staff, place: str) -> None:
    """Begin a run that outlives this request."""
    engine, store = services.engine, services.store
    run_id = claim(store, place, batch_id, readers, by=by, now=now())
    try:
        begin_run(engine, batch_id, by=by)
    except CardsvcError as error:
        ended(store, place, run_id, error.code)
        raise
    feeders = [StationReader(engine, place, name, by) for name in readers]
    alive = partial(_alive, services, place, run_id)
    run = BulkRun(engine, batch_id, feeders, lambda _event: None, place=f"terminal:{place}", alive=alive)
    threading.Thread(target=_go, args=(services, run, place, run_id), name=f"bulk {place}", daemon=True).start()


def _alive(services: Services, place: str, run_id: str) -> None:
    still_running(services.store, place, run_id, now())


def _go(services: Services, run: BulkRun, place: str, run_id: str) -> None:
    """The thread of a run: whatever ends it is noted where the page looks."""
    reason = "internal_error"
    try:
        reason = run.carry_on()
    except CardsvcError as error:
        reason = error.code
    except Exception:
        _LOG.exception("a bulk run at %s ended", place)
    finally:
        ended(services.store, place, run_id, reason)


def _list_page(services: Services, error: CardsvcError | None = None, *, checked: Any = None) -> str:
    require_role(here().staff, *MAY_LOAD)
    found = checked.problems if checked else error.details.get("problems", ()) if error else ()
    if error and found:
        error = lines_wrong(found, BELOW)
    return render_template(
        "bulk.html",
        batches=list_batches(services.store),
        states=STATES,
        checked=checked,
        lines=[one.into(language()) for one in found[:PROBLEMS_SHOWN]],
        number=len(found),
        problem=problem_of(error) if error else None,
    )


def _live(services: Services, batch_id: str) -> dict[str, Any]:
    require_role(here().staff, *MAY_LOAD)
    found = live_batch(services.store, batch_id, here().session.workstation, now())
    return {
        **found,
        "words_of": {"bins": BINS, "states": STATES, "reasons": REASONS},
        "why": lambda code: why(code, language()),
    }


def _batch_page(
    services: Services, batch_id: str, error: CardsvcError | None = None, *, kept: dict[str, Any] | None = None
) -> str:
    live, place = _live(services, batch_id), here().session.workstation
    readers = workstation_view(services.store, place, now(), by=here().staff)["readers"] if place else []
    return render_template(
        "bulk_batch.html",
        **live,
        readers=[reader["name"] for reader in readers],
        lines=show_batch(services.store, batch_id)["lines_told"][:PROBLEMS_SHOWN],
        kept=kept,
        wrong=[one.rpartition(" ")[::2] for one in (error.details.get("problems", ()) if error else ())][:PROBLEMS_SHOWN],
        problem=problem_of(error) if error else None,
    )
