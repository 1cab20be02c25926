"""For training: virtual cards that the page may put into the reader, and faces that the virtual printer printed. Only where
the service was started so."""

from collections.abc import Sequence
from typing import Any, Protocol

from flask import Flask, Response, redirect, render_template, request, url_for

from cardsvc.errors import RequestError
from cardsvc.text import Text
from cardsvc.web.desk.guard import field


class Tray(Protocol):
    """Where the sample cards lie."""

    def cards(self) -> Sequence[tuple[str, Text]]:
        """The cards, by name."""

    def faults(self) -> Sequence[tuple[str, Text]]:
        """The faults that a card may be given, by name."""

    def inside(self) -> str | None:
        """The name of the card in the reader."""

    def insert(self, name: str, fault: str) -> None:
        """Put a card into the reader, with a fault unless that is empty. Raises RequestError ``sample_card_unknown``."""

    def remove(self) -> None:
        """Take the card out."""

    def printed(self) -> Sequence[str]:
        """What the virtual card printer printed last, by name, the newest first."""

    def picture(self, name: str) -> bytes:
        """A print as a PNG. Raises RequestError ``http_not_found``."""


def install(app: Flask, tray: Tray | None) -> None:
    """Add the routes, if there is a tray."""
    app.jinja_env.globals["training"] = tray is not None

    @app.get("/desk/tray")
    def sample_cards() -> Any:
        box = _box(tray)
        return render_template("tray.html", cards=box.cards(), faults=box.faults(), inside=box.inside(), printed=box.printed())

    @app.get("/desk/tray/printed/<name>.png")
    def printed_face(name: str) -> Any:
        return Response(_box(tray).picture(name), mimetype="image/png")

    @app.post("/desk/tray/in")
    def insert_sample() -> Any:
        _box(tray).insert(field("card"), request.form.get("fault", ""))
        return redirect(url_for("work_place"), 303)

    @app.post("/desk/tray/out")
    def remove_sample() -> Any:
        _box(tray).remove()
        return redirect(url_for("work_place"), 303)


def _box(tray: Tray | None) -> Tray:
    if tray is None:
        raise RequestError("http_not_found")
    return tray
