"""Playing the scenarios: a fresh card each, one service for all, and the truth afterwards from card and books."""

import datetime as dt
import logging
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from cardsvc.bootstrap import Services, build, now
from cardsvc.cli.certify.card_line import CardLine
from cardsvc.cli.certify.judge import Truth, conduct, list_differences, outcome
from cardsvc.cli.certify.line import SKEW, Line
from cardsvc.cli.certify.scenarios import ListScenario, Scenario
from cardsvc.cli.scratch.settings import scratch_settings, scratch_terminal
from cardsvc.readers.carry import carry_out
from cardsvc.service.loss.hotlist import snapshot
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.people.register import CitizenData, register_citizen
from cardsvc.service.terminals.registry import set_terminal_state
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
OUR_LIST = (
    f"{shlex.quote(sys.executable)} -c 'from cardsvc.cli.main import main; main()' terminal hotlist"
    " --url {url} --id {id} --key {key} --public-key {list_key}"
)
"""And its update of the hot list."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a scenario: what the terminal said, and what is wrong with it (nothing when it passed)."""

    scenario: str
    said: str
    wrong: tuple[str, ...]


class Bench:
    """The service and the cards that terminals are tested with. ``key``: the file of the terminal's key."""

    def __init__(self, services: Services, ports: tuple[int, int], folder: Path, key: Path) -> None:
        self._services, self._ports, self._folder, self.key = services, ports, folder, key
        self._desk = services.engine.port(Actor("local", "certify", bytes(6), "desk"))
        self._cards = self._listed_cards = 0

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
        log = self._folder / f"{scenario.name}.log"
        return self.play_with(scenario, lambda card, line: card.run(shlex.split(self._filled(command, line, self.key)), log))

    def play_with(self, scenario: Scenario, terminal: Callable[[CardLine, Line], str]) -> Verdict:
        """One scenario against a terminal, which is given the card and the line to the service, and says what came of it."""
        (card, card_no), (other, _) = self.issue(), self.issue()
        store = self._services.store
        line = Line(scenario, *self._ports, suspend=lambda: set_terminal_state(store, TERMINAL, "suspended"))
        try:
            said = terminal(CardLine(card, other, scenario.card), line)
        finally:
            line.stop()
            set_terminal_state(store, TERMINAL, "enabled")
        wrong = (*conduct(line.seen), *outcome(scenario, said, self._truth(card, card_no)))
        return Verdict(scenario.name, said, wrong)

    def play_list(self, scenario: ListScenario, command: str) -> Verdict:
        """One update of the hot list by a terminal that has none: a quiet one, then changes, then the one that goes wrong."""
        key = Path(shutil.copy(self.key, tempfile.mkdtemp(dir=self._folder)))
        for trouble in ("none", scenario.line):
            self._change_list()
            line = Line(ListScenario(scenario.name, trouble), *self._ports, lists=self._list_after)
            try:
                said, held = self._listed(shlex.split(self._filled(command, line, key)), scenario.name)
            finally:
                line.stop()
        true = {entry["card_no"] for entry in self._list_after(0)["entries"]}
        with self._services.store.read() as uow:
            version = uow.hotlist.version()
            told = next((ack.version for ack in uow.hotlist_acks.all() if ack.terminal_id == TERMINAL), 0)
        wrong = (*conduct(line.seen), *list_differences(held, true, told, version))
        return Verdict(scenario.name, said, wrong)

    def _filled(self, command: str, line: Line, key: Path) -> str:
        public = self._services.engine.keystore.signing_public_key().hex()
        return command.format(url=line.url, id=TERMINAL, key=shlex.quote(str(key)), amount=AMOUNT, list_key=public)

    def _change_list(self) -> None:
        """Two cards come onto the list, and the one that has been there longest leaves it."""
        with self._services.store.begin() as uow:
            listed = [entry for entry in uow.hotlist.since(0) if entry.action == "add"]
            for _ in range(2):
                self._listed_cards += 1
                uow.hotlist.change_card(f"31000199{self._listed_cards:08d}", "add", "certify", "certify", now())
            if listed:
                uow.hotlist.change_card(listed[0].card_no, "remove", "certify", "certify", now())
            uow.commit()

    def _list_after(self, since: int) -> dict[str, Any]:
        return snapshot(self._services.store, self._services.engine.keystore, since)

    def _listed(self, command: list[str], name: str) -> tuple[str, set[str]]:
        """Run the program; how it ended, and the cards that it says are listed."""
        with (self._folder / f"{name}.log").open("w") as errors:
            try:
                done = subprocess.run(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True, timeout=60, check=False
                )
            except subprocess.TimeoutExpired:
                return "silent", set()
        held = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("listed ")}
        return "done" if done.returncode == 0 else "failed", held

    def _truth(self, card: VirtualCard, card_no: str) -> Truth:
        """One contact at a desk settles what is open."""
        with self._services.store.read() as uow:
            live = uow.operations.live_on(card_no)
        if live is not None:
            self._desk_clears(live.operation_id, live.actor_kind, live.actor_id, live.step)
        balance = self._contact(card, "inspect")["purse"]["balance"]
        with self._services.store.read() as uow:
            loads = [load for load in uow.loads.of_card(card_no) if load.state != "refused"]
            booked = -uow.ledger.balances(card_no).get(f"purse:{card_no}:purse:ep", 0)
        confirmed = sum(load.state == "confirmed" for load in loads)
        return Truth(balance, booked, len(loads), confirmed, live is not None)

    def _desk_clears(self, operation_id: str, kind: str, party: str, step: int) -> None:
        port = self._services.engine.port(Actor(kind, party, bytes(6)))
        port.abandon(operation_id, step, (), "certification")


@contextmanager
def bench() -> Iterator[Bench]:
    """A service of its own in a temporary folder, on the loopback: once by the true time, once by a clock ahead of it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="cardsvc-certify-") as name:
        folder = Path(name)
        settings = scratch_settings(folder)
        services = build(settings)
        key = scratch_terminal(settings, services.store, TERMINAL, "310000000042", "topup")
        try:
            # The line is what the terminal calls, so the signature is over the line's address: it is passed on as Host.
            with (
                _served(create_api(services)) as port,
                _served(create_api(services, clock=lambda: now() + dt.timedelta(seconds=SKEW))) as skewed,
            ):
                yield Bench(services, (port, skewed), folder, key)
        finally:
            services.close()


@contextmanager
def _served(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
