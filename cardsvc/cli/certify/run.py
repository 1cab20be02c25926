"""Playing the scenarios: a fresh card each, one service for all, and the truth afterwards from card and books."""

import datetime as dt
import logging
import shlex
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from cardsvc.bootstrap import Services, build
from cardsvc.cli.certify.card_line import CardLine
from cardsvc.cli.certify.line import Line
from cardsvc.cli.certify.scenarios import Scenario
from cardsvc.cli.scratch import scratch_settings, scratch_terminal
from cardsvc.readers.carry import carry_out
from cardsvc.service.kinds import Actor
from cardsvc.service.people import CitizenData, register_citizen
from cardsvc.units import id_number_check_digit
from cardsvc.vcard import VirtualCard
from cardsvc.web.api import create_api

AMOUNT = 5000
FAMILY = "fudan-fmcos2"
TERMINAL = "under-test"
BEGAN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
OURSELVES = (
    f"{shlex.quote(sys.executable)} -c 'from cardsvc.cli.main import main; main()' terminal relay 50"
    " --url {url} --id {id} --key {key}"
)
"""Our own terminal, called as a vendor's would be."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a scenario: what the terminal said, and what is wrong with it (nothing when it passed)."""

    scenario: str
    said: str
    wrong: tuple[str, ...]


class Bench:
    """The service and the cards that terminals are tested with."""

    def __init__(self, services: Services, port: int, folder: Path, key: Path) -> None:
        self._services, self._port, self._folder, self._key = services, port, folder, key
        self._desk = services.engine.port(Actor("local", "certify", bytes(6), "desk"))
        self._cards = 0

    def issue(self) -> tuple[VirtualCard, str]:
        """A fresh card and its number."""
        self._cards += 1
        body = f"3301001999023{self._cards:04d}"
        person = CitizenData.model_validate_json(
            '{"name": "认证", "id_number": "' + body + id_number_check_digit(body) + '", "sex": 1, "ethnic_group": 1,'
            ' "birthplace": "330100", "birth_date": "1999-02-28"}'
        )
        citizen = register_citizen(self._services.store, person, BEGAN).citizen_id
        card = VirtualCard.blank(FAMILY, seed=self._cards)
        return card, str(self._contact(card, "personalise", citizen_id=citizen)["card_no"])

    def _contact(self, card: VirtualCard, kind: str, **params: Any) -> Any:
        channel = card.channel()
        try:
            return carry_out(self._desk, channel, kind, params, idempotency_key=str(uuid.uuid4()))
        finally:
            channel.close()

    def play(self, scenario: Scenario, command: str) -> Verdict:
        """One scenario against a fresh run of the terminal's program."""
        (card, card_no), (other, _) = self.issue(), self.issue()
        line = Line(scenario, self._port)
        try:
            filled = command.format(url=line.url, id=TERMINAL, key=shlex.quote(str(self._key)), amount=AMOUNT)
            said = CardLine(card, other, scenario.card).run(shlex.split(filled), self._folder / f"{scenario.name}.log")
        finally:
            line.stop()
        return Verdict(scenario.name, said, tuple(self._judge(scenario, said, card, card_no)))

    def _judge(self, scenario: Scenario, said: str, card: VirtualCard, card_no: str) -> Iterator[str]:
        """One contact at a desk settles what is open; then what was said is held against what is."""
        if said not in scenario.results:
            yield f"said {said}, expected {' or '.join(scenario.results)}"
        with self._services.store.read() as uow:
            live = uow.operations.live_on(card_no)
        if live is not None:
            yield "left its operation open without a word (abandon)"
            self._desk_clears(live.operation_id, live.actor_kind, live.actor_id, live.step)
        balance = self._contact(card, "inspect")["purse"]["balance"]
        with self._services.store.read() as uow:
            loads = [load for load in uow.loads.of_card(card_no) if load.state != "refused"]
            booked = -uow.ledger.balances(card_no).get(f"purse:{card_no}:purse:ep", 0)
        confirmed = [load for load in loads if load.state == "confirmed"]
        if len(loads) > 1:
            yield f"one customer, {len(loads)} loads: a retry with a new Idempotency-Key"
        if balance != booked:
            yield f"card {balance}, books {booked}"
        if said == "done" and len(confirmed) != 1:
            yield "said done, but the card has no load"
        if said == "failed" and confirmed:
            yield "said failed, but the card has the money"

    def _desk_clears(self, operation_id: str, kind: str, party: str, step: int) -> None:
        port = self._services.engine.port(Actor(kind, party, bytes(6)))
        port.abandon(operation_id, step, (), "certification")


@contextmanager
def bench() -> Iterator[Bench]:
    """A service of its own in a temporary folder, served on the loopback."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="cardsvc-certify-") as name:
        folder = Path(name)
        settings = scratch_settings(folder)
        services = build(settings)
        key = scratch_terminal(settings, services.store, TERMINAL, "310000000042", "topup")
        server = make_server("127.0.0.1", 0, create_api(services), threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            # The line is what the terminal calls, so the signature is over the line's address: it is passed on as Host.
            yield Bench(services, server.port, folder, key)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            services.close()
