"""The desk application: one process of its own, so that open pages and their event streams never starve the API."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, url_for

from cardsvc.bootstrap import Services
from cardsvc.service.cards.application_names import subject_name
from cardsvc.service.purse.area_names import months_name, purse_name
from cardsvc.service.words import accounts, codes, names, results
from cardsvc.text import Text
from cardsvc.units import format_yuan
from cardsvc.web.desk import (
    again,
    applying,
    approvals,
    bulk,
    cards,
    complaints,
    consignments,
    drawer,
    entrance,
    faces,
    failures,
    guard,
    hall,
    hall_book,
    handouts,
    jobs,
    live,
    manage,
    passkeys,
    people,
    persons,
    queue,
    receipts,
    replace,
    retire,
    tray,
    words,
    work,
)

MAX_BODY = 64 * 1024
MAX_FIELDS = 100
LONG_SECONDS = 30 * 86_400
"""A browser keeps scripts and styles so long: another version of them has another address."""


def create_desk(services: Services, sample_cards: tray.Tray | None = None) -> Flask:
    """The WSGI application. ``sample_cards``: virtual cards that the page may put into the reader, for training only."""
    app = Flask("cardsvc.web.desk", static_url_path="/desk/static")
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = LONG_SECONDS
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_PARTS"] = MAX_FIELDS
    app.jinja_options = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    _install_words(app)
    guard.install(app, services)
    again.install(app, services)
    failures.install(app)
    entrance.install(app, services)
    passkeys.install(app, services)
    work.install(app, services)
    hall.install(app, services, training=sample_cards is not None)
    queue.install(app, services)
    hall_book.install(app, services)
    complaints.install(app, services)
    live.install(app, services)
    jobs.install(app, services)
    people.install(app, services)
    persons.install(app, services)
    drawer.install(app, services)
    approvals.install(app, services)
    cards.install(app, services)
    applying.install(app, services)
    handouts.install(app, services)
    consignments.install(app, services)
    faces.install(app, services)
    replace.install(app, services)
    retire.install(app, services)
    bulk.install(app, services)
    receipts.install(app, services)
    manage.install(app, services)
    tray.install(app, sample_cards)
    return app


def _install_words(app: Flask) -> None:
    """What templates call to speak: ``t(zh, en)``, ``said`` for texts of the service, and the forms of values."""

    def t(zh: str, en: str) -> str:
        return zh if guard.language() == "zh" else en

    def said(text: Any) -> str:
        """A Text, or a text of a service's view (an object with zh and en)."""
        if isinstance(text, Text):
            return text.into(guard.language())
        return str(text[guard.language()])

    seen = hashlib.sha256()
    for file in sorted(Path(str(app.static_folder)).iterdir()):
        seen.update(file.read_bytes())
    version = seen.hexdigest()[:12]

    def asset(name: str) -> str:
        """The address of a script or style as it is now: a page that was made for others is loaded as a whole (pages.js)."""
        return url_for("static", filename=name, v=version)

    app.jinja_env.globals.update(asset=asset)
    app.jinja_env.globals.update(
        t=t,
        said=said,
        language=guard.language,
        words={**vars(accounts), **vars(codes), **vars(names), **vars(words)},
        results=results,
        purse_name=purse_name,
        months_name=months_name,
        subject_name=subject_name,
    )
    app.jinja_env.filters.update(yuan=format_yuan, clock=words.clock, day=words.day, cardno=words.card_no)
