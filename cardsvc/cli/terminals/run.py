"""``cardsvc terminal run``: a top-up terminal with a person in front of it, or driven by a program over lines of JSON.

A line that comes in is a job as the API has it, ``{"kind": "topup", "params": {"amount": 5000, "payment": {...}}}``; a line
that goes out says what came of it: ``{"line": 1, "kind": "topup", "result": {...}}``, or ``"problem"`` in place of the result.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import click

from cardsvc.cli.shared.local import card_channel
from cardsvc.cli.shared.output import UNKNOWN_EXIT, known_problem, problem_lines, say, t
from cardsvc.errors import ReaderError, RequestError
from cardsvc.json_text import read_json
from cardsvc.units import format_yuan, parse_yuan

if TYPE_CHECKING:
    from cardsvc.cli.shared.connection import Connection
    from cardsvc.client import ApiClient
    from cardsvc.client.journal import Journal

KINDS = ("inspect", "topup", "fetch", "purchase")
CASH = {"method": "cash", "reference": None}
LOOK_SECONDS = 0.2
CUSTOMER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Station:
    """A terminal that is signed on, and where its cards come from."""

    port: "ApiClient"
    journal: "Journal"
    reader: str | None
    card_file: str | None

    def job(self, kind: str, params: Mapping[str, Any], wait: float) -> Mapping[str, Any]:
        """One job on the card that is in the reader, or comes in time. Raises as ``client.jobs.run_job`` does."""
        from cardsvc.client.jobs import run_job

        with card_channel(self.reader, wait, self.card_file) as channel:
            return run_job(self.port, self.journal, channel, kind, params)

    def until_away(self) -> None:
        """Wait until the customer has taken the card."""
        from cardsvc.readers.directory import list_readers

        while any(reader.state != "empty" and self.reader in (None, reader.name) for reader in list_readers()):
            time.sleep(LOOK_SECONDS)


@contextmanager
def signed_on(connection: "Connection", reader: str | None, card_file: str | None) -> Iterator[Station]:
    """Tell what a crash left of earlier jobs, sign on; sign off at the end, whatever happened."""
    terminal_id = connection.terminal_id
    with opened(connection) as (port, journal):
        session = port.call("POST", "/terminals/self/session", {"signed_on": True})
        number = session["terminal_no"]
        say(f"终端 {terminal_id}（{number}）已签到", f"Terminal {terminal_id} ({number}) is signed on")
        try:
            yield Station(port, journal, reader, card_file)
        finally:
            port.call("POST", "/terminals/self/session", {"signed_on": False})
            say("已签退", "Signed off")


@contextmanager
def opened(connection: "Connection") -> Iterator[tuple["ApiClient", "Journal"]]:
    """The terminal's connection and journal, after what a crash left of earlier jobs is ended and told."""
    from cardsvc.client.jobs import LOST, recover
    from cardsvc.client.journal import Journal

    journal = Journal(connection.key_file.with_suffix(".journal"))
    with connection.open() as port:
        for found in recover(port, journal):
            name, state = found.job.kind, found.state
            say(f"上次没有办完的 {name}：{state}", f"An earlier {name} that was not finished: {state}")
            if state == LOST:
                say(
                    "服务的账册恢复过，这笔结果未知：不要退钱，请顾客带卡到柜台",
                    "The service's books were restored and its outcome is unknown: give nothing back, the card goes to a desk",
                )
        yield port, journal


def by_script(station: Station, lines: IO[str], wait: float) -> int:
    """Carry out one job for each line. Exit code: 0 all done, 75 something is unknown, 1 something was refused."""
    outcomes = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        told: dict[str, Any] = {"line": number}
        try:
            kind, params = _job_of(line)
            told["kind"] = kind
            told["result"] = station.job(kind, params, wait)
        except Exception as error:
            told["problem"] = known_problem(error)
            outcomes.add(told["problem"]["outcome"])
        click.echo(json.dumps(told, ensure_ascii=False))
    return UNKNOWN_EXIT if "unknown" in outcomes else 1 if outcomes else 0


def _job_of(line: str) -> tuple[str, Mapping[str, Any]]:
    try:
        job = read_json(line)
    except ValueError:
        raise RequestError("http_malformed") from None
    if not isinstance(job, dict) or job.get("kind") not in KINDS or not isinstance(job.get("params", {}), dict):
        raise RequestError("params_invalid", reason=f'{{"kind": {"|".join(KINDS)}, "params": {{...}}}}')
    return job["kind"], job.get("params", {})


def by_hand(station: Station) -> int:
    """Customers one after the other, until Ctrl-C or an empty input closes the terminal. Exit code 0."""
    while True:
        try:
            seen = station.job("inspect", {}, CUSTOMER_SECONDS)
        except ReaderError as error:
            if error.code == "no_card_in_time":
                continue
            raise
        except Exception as error:
            _tell(error)
        else:
            _greet(seen)
            if not _serve(station, bool(seen["orders"])):
                return 0
        if station.card_file is not None:
            return 0
        say("请取走卡片", "Please take the card")
        station.until_away()


def _greet(seen: Mapping[str, Any]) -> None:
    from cardsvc.service.words.results import settled_text

    balance = seen.get("purse", {}).get("balance")
    click.echo(f"{seen['card_no']}  {t('余额', 'balance')} {format_yuan(balance) if balance is not None else '-'}")
    for one in seen.get("settled", ()):
        click.echo(t(*settled_text(one)))


def _serve(station: Station, order_waits: bool) -> bool:
    """Ask for one amount and load it. False when the terminal is to be closed."""
    hint = t("金额（元）", "Amount (yuan)") + (t("，f 写入线上已付", ", f writes what was paid online") if order_waits else "")
    answer = click.prompt(f"{hint} [q {t('结束', 'ends')}]", default="q", show_default=False).strip()
    if answer == "q":
        return False
    try:
        if answer == "f":
            result = station.job("fetch", {}, CUSTOMER_SECONDS)
        else:
            result = station.job("topup", {"amount": int(parse_yuan(answer)), "payment": CASH}, CUSTOMER_SECONDS)
    except Exception as error:
        _tell(error)
        return True
    amount, balance = format_yuan(result["amount"]), format_yuan(result["balance"])
    click.echo(t(f"充值成功 {amount} 元，余额 {balance} 元", f"Loaded {amount} yuan, the balance is {balance} yuan"))
    return True


def _tell(error: Exception) -> None:
    for line in problem_lines(known_problem(error)):
        click.echo(line, err=True)
