"""Blank cards: what an outlet has and whether it lasts the day; receive, hand out, take back, send, count, destroy."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Flask, Response, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.desk.workstations import workstations_of
from cardsvc.service.management.stock_figures import stock_view
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.staff.accounts import outlets_view
from cardsvc.service.stock.blanks import (
    KEEPERS,
    count_place,
    delivery_of,
    hand_to_desk,
    receive,
    send_to_outlet,
    spoil_blanks,
    take_back,
)
from cardsvc.service.stock.decisions import printed_protocol, propose_destruction, propose_difference, protocol
from cardsvc.service.stock.making import release
from cardsvc.service.stock.use import give_card_up
from cardsvc.units import parse_card_no
from cardsvc.web.desk.guard import MOST_DIGITS, field, here, language
from cardsvc.web.desk.manage.choice import outlet

Who = dict[str, Any]
ENDPOINTS: Final = frozenset({"manage_stock", "manage_stock_deed", "manage_stock_protocol"})


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/manage/stock")
    def manage_stock() -> Any:
        return _page(services)

    @app.post("/desk/manage/stock")
    def manage_stock_deed() -> Any:
        """One deed of the keeper; what stands against it is told on the same page."""
        try:
            _do(services, field("deed", most=16))
        except CardsvcError as error:
            return _page(services, error), error.http_status
        return redirect(url_for("manage_stock"), 303)

    @app.get("/desk/manage/stock/protocol/<approval_id>.pdf")
    def manage_stock_protocol(approval_id: str) -> Any:
        return Response(printed_protocol(protocol(services.store, approval_id), language()), mimetype="application/pdf")


def _do(services: Services, deed: str) -> None:
    if deed not in DEEDS:
        raise RequestError("form_incomplete", field="deed")
    DEEDS[deed](services, _who())


def _receive(services: Services, _who: Who) -> None:
    receive(services.engine, delivery_of(**_delivery()), by=here().staff)


def _hand(services: Services, who: Who) -> None:
    hand_to_desk(services.store, _batch(), _number("count"), field("desk"), field("receiver"), **who)


def _back(services: Services, who: Who) -> None:
    take_back(services.store, _batch(), _number("count"), field("desk"), **who)


def _send(services: Services, who: Who) -> None:
    send_to_outlet(services.store, _batch(), _number("count"), field("to"), **who)


def _spoil(services: Services, who: Who) -> None:
    spoil_blanks(services.store, _batch(), _number("count"), field("place"), field("reason"), **who)


def _void(services: Services, who: Who) -> None:
    give_card_up(services.store, parse_card_no(field("card_no")), field("reason"), **who)


def _count(services: Services, who: Who) -> None:
    count_place(services.store, _batch(), field("place"), _number("count"), **who)


def _difference(services: Services, who: Who) -> None:
    propose_difference(services.store, APPROVALS, field("count_id"), field("reason"), **who)


def _release(services: Services, who: Who) -> None:
    kind, _, name = field("what").partition("=")
    desk, batch_id = (name, None) if kind == "desk" else (None, name)
    release(services.store, field("reason"), desk=desk, batch_id=batch_id, **who)


def _destroy(services: Services, who: Who) -> None:
    counts = {name.removeprefix("void_"): _number(name) for name in request.form if name.startswith("void_")}
    propose_destruction(services.store, APPROVALS, counts, field("reason"), **who)


DEEDS: Final[Mapping[str, Callable[[Services, Who], None]]] = {
    "receive": _receive,
    "hand": _hand,
    "back": _back,
    "send": _send,
    "spoil": _spoil,
    "void": _void,
    "count": _count,
    "difference": _difference,
    "release": _release,
    "destroy": _destroy,
}


def _who() -> Who:
    return {"by": here().staff, "now": now()}


def _delivery() -> dict[str, Any]:
    words = {name: field(name, most=64) for name in ("batch_id", "family", "supplier", "first_serial", "last_serial")}
    return {**words, "count": _number("count"), "transport_version": _number("transport_version")}


def _batch() -> str:
    return field("batch", most=32)


def _number(name: str) -> int:
    """A whole number of the form. Raises RequestError ``form_incomplete``."""
    typed = field(name, most=MOST_DIGITS)
    if not (typed.isascii() and typed.isdecimal()):
        raise RequestError("form_incomplete", field=name)
    return int(typed)


def _page(services: Services, error: CardsvcError | None = None) -> str:
    chosen, own = outlet(), here().staff
    return render_template(
        "manage_stock.html",
        chosen=chosen,
        outlets=outlets_view(services.store),
        may=own.role in KEEPERS and own.outlet_id == chosen,
        families=[profile.id for profile in services.profiles if profile.issuable],
        desks=[f"terminal:{one['workstation']}" for one in workstations_of(services.store, chosen, now())]
        + ["local:cli", "local:bulk"],
        problem=problem_of(error) if error else None,
        stock=stock_view(services.store, services.rules, chosen, now()),
    )
