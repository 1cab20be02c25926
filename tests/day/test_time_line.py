"""``why``: nothing of a card's history is left out, and everybody who decided is named."""

import datetime as dt
import os

import pytest

from cardsvc.errors import CardsvcError
from cardsvc.service.books.time_line import why
from cardsvc.service.loss.reports import report_loss
from cardsvc.service.purse.suspects import attachment
from cardsvc.vcard import FaultPlan
from tests.cli.test_cli import run
from tests.databases import url_of
from tests.day.outlet import Hall
from tests.service.purse.test_orders import pay
from tests.world import FAMILIES

CARD = "3100010100000001"


def test_everybody_who_decided_is_named(hall: Hall) -> None:
    """A suspect that two people settled, a correction, an order, a loss with its release: in the service and in the command."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardsvcError):
        world.topup(card)
    with world.store.read() as uow:
        (load,) = uow.loads.open_on(CARD)
    world.now += dt.timedelta(minutes=1)
    papers = {"card_no": CARD, "written": False, "attachments": [attachment("journal.txt", b"nothing")]}
    hall.agree("settle_suspect", load.load_id, papers)
    purse = f"purse:{CARD}:purse:ep"
    hall.agree("correction", "claim-1", {"debit": "vault:hall", "credit": purse, "amount": 300, "corrects": "x"}, "other")
    pay(world)
    report_loss(world.store, world.engine.rules, CARD, "formal", by=hall["teller"], now=world.now)
    hall.agree("release_from_hot_list", CARD, {}, second="second")
    told = [(entry["what"], entry["text"]) for entry in why(world.store, CARD)]
    for line in [
        ("decision", "settle_suspect proposed by teller: 送款单 7"),
        ("decision", "settle_suspect approved by boss"),
        ("decision", "correction proposed by other: 送款单 7"),
        ("order", "paid: 5000 for citizen purse through app"),
        ("hot_list", "version 1: add by teller (挂失 (reported lost))"),
        ("decision", "release_from_hot_list approved by second"),
    ]:
        assert line in told
    shown = run({**os.environ, "CARDSVC_DATABASE_URL": url_of(world.path), "CARDSVC_LANG": "en"}, "why", CARD).stdout
    assert all(text in shown for _what, text in told)


def test_a_long_history_is_whole(hall: Hall) -> None:
    """A hundred looks later the operation that made the card is still told."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    for _ in range(101):
        world.do(card, "inspect")
    told = [entry["text"] for entry in why(world.store, CARD) if entry["what"] == "operation"]
    assert (len(told), told[0]) == (102, "personalise by desk desk-1: done")
