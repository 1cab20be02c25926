"""The desk application: one process of its own, so that open pages and their event streams never starve the API."""

from typing import Any

from flask import Flask

from cardsvc.bootstrap import Services
from cardsvc.service.desk.choices import subject_name
from cardsvc.service.words import codes, results
from cardsvc.text import Text
from cardsvc.units import format_yuan
from cardsvc.web.desk import (
    applying,
    approvals,
    bulk,
    cards,
    complaints,
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
    tray,
    words,
    work,
)

MAX_BODY = 64 * 1024
MAX_FIELDS = 100


def create_desk(services: Services, sample_cards: tray.Tray | None = None) -> Flask:
    """The WSGI application. ``sample_cards``: virtual cards that the page may put into the reader, for training only."""
    app = Flask("cardsvc.web.desk", static_url_path="/desk/static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_PARTS"] = MAX_FIELDS
    app.jinja_options = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    _install_words(app)
    guard.install(app, services)
    failures.install(app)
    entrance.install(app, services)
    passkeys.install(app, services)
    work.install(app, services)
    hall.install(app, services)
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
    faces.install(app, services)
    replace.install(app, services)
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

    app.jinja_env.globals.update(
        t=t,
        said=said,
        language=guard.language,
        words={**vars(codes), **vars(words)},
        results=results,
        subject_name=subject_name,
    )
    app.jinja_env.filters.update(yuan=format_yuan, clock=words.clock, day=words.day, cardno=words.card_no)
