"""A whole top-up terminal: python terminal.py URL ID KEY.pem AMOUNT_IN_FEN, the card on standard input and output.

Standard library and ``cryptography`` only. The lines it speaks with the card are those of ``cardsvc terminal certify``.
With LIST_KEY (64 hex digits) in place of the amount it updates its hot list and prints it. What it remembers
lies beside KEY.pem.
"""

import base64
import hashlib
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

URL, ID, KEY_FILE, WHAT = sys.argv[1:]
KEY: Any = load_pem_private_key(Path(KEY_FILE).read_bytes(), password=None)
JOB = Path(KEY_FILE).with_suffix(".job")
WAITS = (0.2, 0.5, 1, 2, 4, 8)
LONGEST_WAIT = 60
HEX_KEY = 64


def signed(method: str, url: str, body: bytes | None, idempotency_key: str | None) -> dict[str, str]:
    """The headers of one sending. RFC 9421: a line for each covered part, then the parameters."""
    parts, headers = [("@method", method), ("@target-uri", url)], {}
    if body is not None:
        digest = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
        parts.append(("content-digest", digest))
        headers = {"Content-Type": "application/json", "Content-Digest": digest}
    if idempotency_key:
        parts.append(("idempotency-key", idempotency_key))
        headers["Idempotency-Key"] = idempotency_key
    names = " ".join(f'"{name}"' for name, _ in parts)
    params = f'({names});created={int(time.time())};keyid="{ID}";nonce="{secrets.token_hex(16)}"'
    base = "".join(f'"{name}": {value}\n' for name, value in parts) + f'"@signature-params": {params}'
    signature = base64.b64encode(KEY.sign(base.encode())).decode()
    return {**headers, "Signature-Input": f"cardsvc={params}", "Signature": f"cardsvc=:{signature}:"}


def call(method: str, path: str, body: dict[str, Any] | None, idempotency_key: str | None = None) -> dict[str, Any]:
    """Send until an answer comes; sign each sending anew, keep the Idempotency-Key. What the service refuses is an answer, but
    for 429: it says how long to wait."""
    url, content = f"{URL}/api/v1{path}", None if body is None else json.dumps(body).encode()
    for wait in WAITS:
        # S310: URL is this terminal's own setting.
        request = urllib.request.Request(url, content, signed(method, url, content, idempotency_key))  # noqa: S310
        asked = 0
        try:
            with urllib.request.urlopen(request, timeout=15) as response:  # noqa: S310 - the operator gave the URL
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            if error.code == 429:
                asked = int(error.headers.get("Retry-After", "1"))
                if asked > LONGEST_WAIT:
                    break
            elif error.code not in (502, 503, 504):
                return {"state": "refused", "problem": json.load(error)}
        except (OSError, ValueError):  # no answer, or half of one
            pass
        except Exception as error:
            if type(error).__module__ != "http.client":
                raise
        time.sleep(max(wait, asked))
    return {"state": "refused", "problem": {"code": "service_unreachable", "outcome": "unknown"}}


def post(path: str, body: dict[str, Any], idempotency_key: str | None = None) -> dict[str, Any]:
    """Send something."""
    return call("POST", path, body, idempotency_key)


class Stopped(Exception):
    """The card is gone, or the customer wants no more; the text is the reason that ``abandon`` takes."""


def hear() -> tuple[str, bytes]:
    """One line about the card: ``atr HEX``, ``answer HEX``, ``gone`` or ``cancel``."""
    word, _, rest = sys.stdin.readline().strip().partition(" ")
    return word, bytes.fromhex(rest)


def say(line: str) -> None:
    """One line to the card, or the result."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def transmit(apdu: bytes) -> bytes:
    """Send a command; fetch the rest (61xx) and correct Le (6Cxx) as ISO 7816-4 says, but only of a command that has an Le: a
    card may answer 6Cxx to a wrong PIN, and VERIFY sent again burns a try. Raises Stopped."""
    expects_data = len(apdu) == 5 or (len(apdu) > 5 and len(apdu) == apdu[4] + 6)
    data, command = b"", apdu
    while True:
        say(f"apdu {command.hex()}")
        word, answer = hear()
        if word != "answer":
            raise Stopped("customer_cancelled" if word == "cancel" else "card_gone")
        data += answer[:-2]
        if answer[-2] == 0x61:
            command = bytes((0x00, 0xC0, 0x00, 0x00, answer[-1]))
        elif answer[-2] == 0x6C and expects_data:
            command = apdu[:-1] + answer[-1:]
        else:
            return data + answer[-2:]


def fits(status: str, expected: list[str]) -> bool:
    """Whether a status word is one to go on after; x stands for any digit."""
    return any(all(e in ("x", s) for e, s in zip(e_word.lower(), status.lower(), strict=True)) for e_word in expected)


def begin(job: dict[str, Any]) -> dict[str, Any]:
    """The start request of a job; the same job again is the same operation."""
    return post("/operations", job["body"], job["key"])


def remember(job: dict[str, Any]) -> None:
    """On disk, before the first request leaves."""
    with JOB.open("w") as file:
        json.dump(job, file)
        file.flush()
        os.fsync(file.fileno())


def settle_earlier() -> bool:
    """After a restart: what was not finished is given up, for the card lost its power; its next contact settles it. False when
    the service cannot be reached: then nothing new is begun."""
    if not JOB.exists():
        return True
    job = json.loads(JOB.read_text())
    reply = begin(job)
    if "id" in reply and job.get("id", reply["id"]) != reply["id"]:
        sys.stderr.write("the books were restored: what became of the earlier load is unknown, no money back\n")
    if reply["state"] == "card":
        gone = {"step": reply["step"], "answers": [], "reason": "card_gone"}
        reply = post(f"/operations/{reply['id']}/abandon", gone)
    return (reply.get("problem") or {}).get("code") != "service_unreachable"


def top_up() -> dict[str, Any]:
    """The loop: start, send each command to the card, post the answers, until the state is not ``card``."""
    _, atr = hear()
    if not settle_earlier():
        return {"state": "refused", "problem": {"code": "service_unreachable", "outcome": "not_done"}}
    params = {"amount": int(WHAT), "payment": {"method": "cash"}}
    job = {"key": str(uuid.uuid4()), "body": {"kind": "topup", "params": params, "reader": {"atr": atr.hex()}}}
    remember(job)
    reply = begin(job)
    if reply["state"] == "refused":
        return reply  # nothing was begun
    remember({**job, "id": reply["id"]})  # before the card is told anything
    reply = carry(reply, f"/operations/{reply['id']}")
    if (reply.get("problem") or {}).get("code") != "service_unreachable":
        JOB.unlink()
    return reply


def carry(reply: dict[str, Any], where: str) -> dict[str, Any]:
    """The steps of an operation."""
    while reply["state"] == "card":
        answers: list[str] = []
        for command in reply["commands"]:
            try:
                answer = transmit(bytes.fromhex(command["command"]))
            except Stopped as why:
                return post(f"{where}/abandon", {"step": reply["step"], "answers": answers, "reason": str(why)})
            answers.append(answer.hex())
            if not fits(answers[-1][-4:], command["expect"]):
                break
        step = reply["step"]
        reply = post(f"{where}/steps/{step}", {"answers": answers})
        if reply["state"] == "card" and reply["step"] <= step:
            reply = call("GET", where, None)  # an old reply came again: never send its commands to the card twice
    if reply["state"] == "refused":  # the step was not taken, but the card did what it was told: only the card knows
        reply["problem"]["outcome"] = "unknown"
    return reply


def genuine(told: dict[str, Any], public_key: str) -> bool:
    """Whether the service itself signed a list: the head line, then a line for each entry."""
    head = f"cardsvc hotlist {told['kind']} {told['since']} {told['version']}\n"
    lines = "".join(f"{e['card_no']} {e['action']} {e['version']}\n" for e in told["entries"])
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(told["signature"]), (head + lines).encode()
        )
    except InvalidSignature:
        return False
    return True


def update_list(public_key: str) -> set[str]:
    """An increment only on top of the version it begins at, a full list in place of what there was, a forged one not at all."""
    file = Path(KEY_FILE).with_suffix(".list")
    kept: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"version": 0, "cards": []}
    since = kept["version"]
    for _ in range(3):
        told = call("GET", f"/hotlist?since={since}", None)
        if "entries" not in told or not genuine(told, public_key):
            continue
        if told["kind"] == "increment" and told["since"] != kept["version"]:
            since = 0  # one was missed: fetch the whole list
            continue
        cards = set() if told["kind"] == "full" else set(kept["cards"])
        for entry in told["entries"]:
            (cards.add if entry["action"] == "add" else cards.discard)(entry["card_no"])
        file.write_text(json.dumps({"version": told["version"], "cards": sorted(cards)}))
        post("/hotlist/ack", {"version": told["version"]})
        return cards
    raise SystemExit("no genuine list")


if len(WHAT) == HEX_KEY:
    for card_no in sorted(update_list(WHAT)):
        say(f"listed {card_no}")
    raise SystemExit(0)

ended = top_up()
problem = ended.get("problem") or {}
if ended["state"] == "done":
    say("result done")
else:
    say(f"result {'unknown' if problem.get('outcome') == 'unknown' else 'failed'} {problem.get('code')}")
