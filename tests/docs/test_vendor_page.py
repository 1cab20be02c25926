"""The vendors' page shows what the service really does: its bytes are made again here and must stand in it, line by line."""

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner

from cardsvc.bootstrap import now
from cardsvc.cli.certify.scenarios import SCENARIOS
from cardsvc.client import create_key
from cardsvc.iso7816.exchange import run_batch
from cardsvc.iso7816.links import ResponseLink
from cardsvc.service.operations.problem import problem_of
from cardsvc.signature import clock_wrong, public_hex, sign
from cardsvc.wire import OperationState, hot_list_text
from tests.serving import Served, kiosk_file, serving
from tests.waiting import PATIENCE
from tests.world import FAMILIES, KIOSK, World

PAGE = Path(__file__).parent.parent.parent / "cardsvc" / "docs" / "terminal-vendor.md"
SEED = bytes(range(32))
CREATED = dt.datetime(2026, 11, 24, 4, 0, tzinfo=dt.UTC)
BODY = b'{"signed_on": true}'


def exchange(folder: Path) -> str:
    """A top-up of 50 yuan at the kiosk, at noon of a fixed day, with the keys and card of the tests: always the same."""
    world = World(folder / "city.db")
    card = world.issue(FAMILIES[0])
    channel, port, lines = card.channel(), world.port(KIOSK), []
    params = {"amount": 5000, "payment": {"method": "cash", "reference": None}}
    reply = port.start("topup", params, atr=channel.atr, idempotency_key="5b0a4c1e-page")
    while reply.state is OperationState.CARD:
        answers = run_batch(ResponseLink(channel), reply.commands)
        for ask, answer in zip(reply.commands, answers, strict=False):
            command = ask.command.encode().hex().upper()
            lines.append(f"{reply.step}  {ask.name}\n   > {command}\n   < {answer.encode().hex().upper()}")
        reply = port.answer(reply.id, reply.step, answers)
    channel.close()
    world.close()
    result = reply.result or {}
    return "\n".join([*lines, f"{reply.state}  balance {result['balance']}  tac {result['tac']}"])


def signature_example() -> str:
    """One request as it is signed, with the base of the signature."""
    bases: list[str] = []
    original = HTTPMessageSigner._build_signature_base

    def spy(self: HTTPMessageSigner, *given: object, **named: object) -> object:
        built = original(self, *given, **named)
        bases.append(built[0])
        return built

    request = requests.Request(
        "POST",
        "https://cards.example/api/v1/terminals/self/session",
        headers={"Content-Type": "application/json"},
        data=BODY,
    ).prepare()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPMessageSigner, "_build_signature_base", spy)
        key = Ed25519PrivateKey.from_private_bytes(SEED)
        sign(request, BODY, key, "kiosk-7", "5f0c9d3a7be14c60", CREATED)
    names = ("Content-Digest", "Signature-Input", "Signature")
    return "\n".join([bases[0], "", *(f"{name}: {request.headers[name]}" for name in names), public_hex(key)])


def test_the_exchange_of_the_page_is_what_happens(tmp_path: Path) -> None:
    """Every command, every answer, the balance and the TAC."""
    for line in exchange(tmp_path).splitlines():
        assert line in PAGE.read_text("utf-8").splitlines(), line


def test_the_signature_of_the_page_is_right() -> None:
    """The base line by line, and the headers."""
    for line in signature_example().splitlines():
        assert line in PAGE.read_text("utf-8").splitlines(), line


def test_every_error_of_the_page_exists() -> None:
    """A code that the page explains is one that the service gives."""
    from cardsvc.errors.catalog import all_entries

    table = PAGE.read_text("utf-8").partition("## 错误")[2]
    codes = re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)
    assert len(codes) > 8
    assert set(codes) <= set(all_entries())


def test_the_list_and_the_clock_of_the_page_are_right() -> None:
    """What a hot list's signature is over, and what a terminal with a wrong clock is told."""
    text = hot_list_text("increment", 11, 13, [("3100010100000001", "add", 12), ("3100010100000007", "remove", 13)])
    assert text.decode() in PAGE.read_text("utf-8")
    at = dt.datetime(2026, 11, 24, 4, 7, tzinfo=dt.UTC)
    problem = problem_of(clock_wrong(at - dt.timedelta(minutes=7), at))
    told = {name: problem[name] for name in ("code", "outcome", "clock")}
    assert json.dumps(told)[:-1] in PAGE.read_text("utf-8")


def test_the_scenarios_of_the_page_are_played() -> None:
    """What the page says that a certification plays, it plays."""
    section = PAGE.read_text("utf-8").partition("## 认证")[2]
    named = set(re.findall(r"（`([a-z_]+)`）", section))
    assert len(named) == 7
    assert all(any(scenario.name.startswith(name) for scenario in SCENARIOS) for name in named)


def call(served: Served, folder: Path, *arguments: str) -> Any:
    """What the shell example prints."""
    file = kiosk_file(served, folder)
    command = ["bash", str(PAGE.parent / "examples" / "call.sh"), served.url, "kiosk-7", str(file), *arguments]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout)


def as_the_page_says(channel: ResponseLink, commands: list[Any]) -> list[str]:
    """The loop of the page: stop at the first status word that is not expected; x stands for any digit."""
    answers: list[str] = []
    for one in commands:
        answers.append(channel.transmit(bytes.fromhex(one["command"])).hex().upper())
        if not any(re.fullmatch(word.replace("x", "."), answers[-1][-4:]) for word in one["expect"]):
            break
    return answers


@pytest.mark.parametrize(
    ("command", "answers", "result", "sent"),
    [
        ("0020000003123456", ["6C02"], "6c02", ["0020000003123456"]),
        ("00B085001E", ["6C02", "AABB9000"], "aabb9000", ["00b085001e", "00b0850002"]),
        ("00A4040002112200", ["AA6102", "BBCC9000"], "aabbcc9000", ["00a4040002112200", "00c0000002"]),
    ],
)
def test_the_example_never_repeats_a_verify(
    tmp_path: Path, command: str, answers: list[str], result: str, sent: list[str]
) -> None:
    """One real card answers a wrong PIN with 6C and the tries that are left: sent again, it would burn one."""
    key = tmp_path / "kiosk.pem"
    create_key(key)
    source = (PAGE.parent / "examples" / "terminal.py").read_text("utf-8").partition("if len(WHAT)")[0]
    program = f"{source}\nsay('got ' + transmit(bytes.fromhex('{command}')).hex())\n"
    done = subprocess.run(
        [sys.executable, "-c", program, "http://127.0.0.1:9", "k", str(key), "1"],
        input="".join(f"answer {answer}\n" for answer in answers),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout.lower().splitlines() == [*(f"apdu {one.lower()}" for one in sent), f"got {result}"]


def test_a_shell_with_openssl_and_curl_is_a_terminal(tmp_path: Path) -> None:
    """A call with a body, one without, and a whole job of which the answers are posted by hand; a wrong key is refused."""
    with serving(World(tmp_path / "city.db", now())) as served:
        card = served.world.issue(FAMILIES[0])
        assert call(served, tmp_path, "POST", "/terminals/self/session", '{"signed_on": true}')["terminal_no"] == "310000000007"
        assert call(served, tmp_path, "GET", "/hotlist?since=0")["version"] == 0
        start = {"kind": "inspect", "params": {}, "reader": {"atr": card.atr.hex()}}
        reply = call(served, tmp_path, "POST", "/operations", json.dumps(start), "a-job-of-the-shell")
        again = call(served, tmp_path, "POST", "/operations", json.dumps(start), "a-job-of-the-shell")
        assert again["id"] == reply["id"]
        channel = ResponseLink(card.channel())
        while reply["state"] == "card":
            answers = as_the_page_says(channel, reply["commands"])
            path = f"/operations/{reply['id']}/steps/{reply['step']}"
            reply = call(served, tmp_path, "POST", path, json.dumps({"answers": answers}))
        channel.close()
        assert (reply["state"], reply["result"]["purse"]["balance"]) == ("done", 0)
        assert call(served, tmp_path, "GET", f"/operations/{reply['id']}")["state"] == "done"
        served = served._replace(kiosk_key=Ed25519PrivateKey.from_private_bytes(SEED))
        assert call(served, tmp_path, "GET", "/hotlist")["code"] == "signature_wrong"
