"""Cases: a citizen's fault as a file that a test can load, and played again on a card that is like the citizen's.

A case holds what was said in one operation, what was done with the card before it (amounts, applications, days), and how the
operation ended. It has no key and nothing personal: answers that hold the holder's data are cut down to their status word, and
numbers of the card are replaced. To play it, a synthetic person gets a card of the same family in a city of its own, with the
same history; its memory is changed to what the exchange showed; then the operation is carried out again.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cardsvc.cli.scratch.people import synthetic_person
from cardsvc.errors import CardError, CardsvcError, OperationError
from cardsvc.iso7816.channel import Channel
from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.service.cards.books import ALL
from cardsvc.service.cards.data import card_data
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.flight import recording_of
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.people.register import register_citizen
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card, Operation
from cardsvc.vcard import VirtualCard
from cardsvc.vcard.rebuilt import PlayedCard, rebuild

CASH = {"method": "cash", "reference": None}
CARD_NO, SS_CARD_NO, CHIP = "CARD-NO", "SS-CARD-NO", "CHIP"
"""What stands in a case for the numbers of the card, in answers as ``{CARD-NO:BCD}`` and so on."""
ACTOR = Actor("local", "cases", bytes.fromhex("310000000001"), "desk")
KINDS = ("inspect", "diagnose", "topup", "purchase", "block", "unblock")
"""Kinds of operations that can be played in another city: they need nothing but the card."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of the operation on the rebuilt card: ``outcome`` as in the case, and how many answers changed its memory."""

    outcome: Mapping[str, Any]
    changed: int


def case_of(engine: Engine, operation_id: str) -> dict[str, Any]:
    """The case of an ended operation on a card that is in the books.

    Raises OperationError ``operation_unknown``, ``operation_not_recorded``, ``operation_under_way``,
    ``operation_makes_no_case``.
    """
    recording = recording_of(engine.store, operation_id)
    with engine.store.read() as uow:
        operation = uow.operations.get(operation_id)
        card = uow.cards.get(operation.card_no) if operation and operation.card_no else None
        if operation is None or operation.ended_at is None:
            raise OperationError("operation_under_way")
        if card is None or operation.kind not in KINDS:
            raise OperationError("operation_makes_no_case", kind=operation.kind, kinds=", ".join(KINDS))
        data = card_data(uow, card)
        told = _Told(card, data.ss_card_no, (data.holder.name.encode("gbk"), data.holder.id_number.encode("ascii")))
        return {
            "family": card.profile,
            "kind": operation.kind,
            "params": {key: value for key, value in operation.params.items() if key not in ("person", "payment", "reader")},
            "issued": (card.issued_at or card.created_at).isoformat(),
            "at": operation.started_at.isoformat(),
            "history": _history(uow, card, operation),
            "exchanges": [told.masked(exchange) for exchange in recording.exchanges],
            "outcome": _outcome(operation),
        }


def _outcome(operation: Operation) -> dict[str, Any]:
    result = operation.result or {}
    return {
        "state": operation.state,
        "problem": (operation.problem or {}).get("code"),
        "findings": [finding["code"] for finding in result.get("findings", [])],
    }


def _history(uow: UnitOfWork, card: Card, operation: Operation) -> list[dict[str, Any]]:
    """What was done with the card before, as far as it can be done again: applications, top-ups and purchases of the purse."""
    done: list[dict[str, Any]] = [
        {"at": row.changed_at.isoformat(), "kind": "open", "params": {"application": row.application, "product": row.product}}
        for row in uow.applications.of_card(card.card_no)
        if row.state == "open" and row.changed_at < operation.started_at
    ]
    done += [
        {"at": load.authorised_at.isoformat(), "kind": "topup", "params": {"amount": load.amount}}
        for load in uow.loads.of_card(card.card_no, ALL)
        if (load.area, load.state) == ("purse", "confirmed") and load.operation_id != operation.operation_id
    ]
    done += [
        {
            "at": spent.authorised_at.isoformat(),
            "kind": "purchase",
            "params": {"amount": spent.amount, "merchant": spent.merchant},
        }
        for spent in uow.purchases.of_card(card.card_no, ALL)
        if (spent.application, spent.state) == ("purse", "confirmed") and spent.operation_id != operation.operation_id
    ]
    before = [step for step in done if step["at"] < operation.started_at.isoformat()]
    return sorted(before, key=lambda step: str(step["at"]))


class _Told:
    """What a recording would tell of a card and its holder, and how it is said without."""

    def __init__(self, card: Card, ss_card_no: str, personal: Iterable[bytes]) -> None:
        self._personal = [value.hex().upper() for value in personal]
        self._numbers = list(numbers(card.card_no, ss_card_no, card.chip_serial))

    def masked(self, exchange: Mapping[str, Any]) -> dict[str, Any]:
        """One exchange: name, command, whether it is secret, and the answer as far as it may be told."""
        answer = exchange["answer"]
        secret = bool(exchange["secret"]) or any(value in (answer or "") for value in self._personal)
        kept = answer
        if answer is not None:
            kept = answer[-4:] if secret else _replaced(answer, self._numbers)
        command = _replaced(exchange["command"], self._numbers)
        return {"name": exchange["name"], "command": command, "secret": secret, "answer": kept}


def numbers(card_no: str, ss_card_no: str, chip: str) -> Iterable[tuple[str, str]]:
    """The numbers of a card as its files hold them, in hex, each with what stands for it in a case."""
    yield card_no.encode("ascii").hex().upper(), f"{{{CARD_NO}:ASCII}}"
    yield card_no, f"{{{CARD_NO}:BCD}}"
    yield ss_card_no.encode("ascii").hex().upper(), f"{{{SS_CARD_NO}:ASCII}}"
    if len(chip) >= 8:
        yield chip, f"{{{CHIP}}}"


def _replaced(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    for old, new in pairs:
        text = text.replace(old, new)
    return text


def save(case: Mapping[str, Any], folder: Path) -> Path:
    """Write a case into a folder, under what it shows; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    outcome = case["outcome"]
    shown = outcome["problem"] or next(iter(outcome["findings"]), outcome["state"])
    text = json.dumps(case, ensure_ascii=False, indent=1) + "\n"
    path = folder / f"{case['family']}-{case['kind']}-{shown}.json"
    path.write_text(text, "utf-8")
    return path


def load(path: Path) -> dict[str, Any]:
    """A case from its file. Raises CardError ``card_file_wrong``."""
    try:
        case: dict[str, Any] = json.loads(path.read_text("utf-8"))
        for key in ("family", "kind", "params", "issued", "at", "history", "exchanges", "outcome"):
            case[key]
    except (OSError, ValueError, KeyError, TypeError):
        raise CardError("card_file_wrong", file=path.name) from None
    return case


def play(engine: Engine, case: Mapping[str, Any]) -> Played:
    """Play a case in the empty city of this engine. Raises CarriedOut when its history cannot be done there."""
    city = _City(engine, dt.datetime.fromisoformat(case["issued"]))
    citizen = register_citizen(engine.store, synthetic_person(1), city.moment)
    card = VirtualCard.blank(case["family"], seed=1)
    card_no = str(city.do(card.channel(), "personalise", {"citizen_id": citizen.citizen_id})["card_no"])
    for step in case["history"]:
        city.moment = dt.datetime.fromisoformat(step["at"])
        city.do(card.channel(), step["kind"], _payable(step["kind"], step["params"]))
    city.moment = dt.datetime.fromisoformat(case["at"])
    with engine.store.read() as uow:
        row = uow.cards.get(card_no)
        ss_card_no = row.ss_card_no if row else ""
    own = [(mark, value) for value, mark in numbers(card_no, ss_card_no, card.chip_serial.hex().upper())]
    exchanges = [
        {**e, "command": _replaced(e["command"], own), "answer": e["answer"] and _replaced(e["answer"], own)}
        for e in case["exchanges"]
    ]
    changed = rebuild(card, exchanges)
    key = str(uuid.uuid4())
    with suppress(CarriedOut, CardsvcError):  # how it ended stands in the operation
        city.do(PlayedCard(card, exchanges), case["kind"], _payable(case["kind"], case["params"]), key)
    with engine.store.read() as uow:
        operation = uow.operations.by_idempotency_key(ACTOR.kind, ACTOR.id, key)
    return Played(_outcome(operation) if operation else {}, changed)


def _payable(kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return {**params, "payment": CASH} if kind in ("topup", "open") else dict(params)


class _City:
    """An engine whose clock stands where the case is."""

    def __init__(self, engine: Engine, moment: dt.datetime) -> None:
        self.moment = moment
        self._port = replace(engine, clock=lambda: self.moment).port(ACTOR)

    def do(self, channel: Channel, kind: str, params: Mapping[str, Any], key: str | None = None) -> Mapping[str, Any]:
        """One operation on the card in this channel."""
        try:
            return carry_out(self._port, channel, kind, params, idempotency_key=key or str(uuid.uuid4()))
        finally:
            channel.close()
