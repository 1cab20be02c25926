"""Versions of the rules and what differs between two of them. Read only: a change goes through ``cardsvc rules``."""

from typing import Any

from flask import Flask, render_template, request

from cardsvc.bootstrap import Services, now
from cardsvc.errors import RequestError
from cardsvc.service.management.rule_versions import text_of, versions_difference, versions_view
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.words.rule_fields import FIELDS, value_in_words
from cardsvc.service.words.rules import TABLES, source_in_words
from cardsvc.web.desk.manage.choice import outlet


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/manage/rules")
    def manage_rules() -> Any:
        versions = versions_view(services.store, now())
        old, new = _two(versions)
        _known(versions, *filter(None, (old, new)))
        changes = versions_difference(services.store, old, new, now()) if old != new else []
        today = local_day(now()).isoformat()
        shown = {"versions": versions, "old": old, "new": new, "changes": changes, "today": today}
        words = {"tables": TABLES, "fields": FIELDS, "value_in_words": value_in_words, "source_in_words": source_in_words}
        return render_template("manage_rules.html", chosen=outlet(), **shown, **words)

    @app.get("/desk/manage/rules/<version>")
    def manage_rules_text(version: str) -> Any:
        _known(versions_view(services.store, now()), version)
        text = text_of(services.store, version, now())
        return render_template("manage_rules_text.html", chosen=outlet(), version=version, text=text)


def _known(versions: list[dict[str, Any]], *wanted: str) -> None:
    """Raises RequestError ``http_not_found``: a version that is asked for by a wrong address is no defect of the database."""
    if not set(wanted) <= {version["version"] for version in versions}:
        raise RequestError("http_not_found")


def _two(versions: list[dict[str, Any]]) -> tuple[str, str]:
    """The two versions that are asked for; by default the newest, and the one in force or, where that is it, the one before."""
    names = [version["version"] for version in versions]
    if not names:
        return "", ""
    held = next((place for place, version in enumerate(versions) if version["in_force"]), 0)
    old, new = (held, 0) if held else (min(1, len(names) - 1), 0)
    return request.args.get("old") or names[old], request.args.get("new") or names[new]
