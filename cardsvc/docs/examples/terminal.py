"""A whole top-up terminal: python terminal.py URL ID KEY.pem AMOUNT_IN_FEN, the card on standard input and output.

Standard library and ``cryptography`` only. The lines it speaks with the card are those of ``cardsvc terminal certify``.
"""

import base64
import hashlib
import json
import secrets
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

URL, ID, KEY_FILE, AMOUNT = sys.argv[1:]
KEY: Any = load_pem_private_key(Path(KEY_FILE).read_bytes(), password=None)
WAITS = (0.2, 0.5, 1, 2, 4, 8)


def signed(method: str, url: str, body: bytes, idempotency_key: str | None) -> dict[str, str]:
    """The headers of one sending. RFC 9421: a line for each covered part, then the parameters."""
    digest = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
    parts = [("@method", method), ("@target-uri", url), ("content-digest", digest)]
    headers = {"Content-Type": "application/json", "Content-Digest": digest}
    if idempotency_key:
        parts.append(("idempotency-key", idempotency_key))
        headers["Idempotency-Key"] = idempotency_key
    names = " ".join(f'"{name}"' for name, _ in parts)
    params = f'({names});created={int(time.time())};keyid="{ID}";nonce="{secrets.token_hex(16)}"'
    base = "".join(f'"{name}": {value}\n' for name, value in parts) + f'"@signature-params": {params}'
    signature = base64.b64encode(KEY.sign(base.encode())).decode()
    return {**headers, "Signature-Input": f"cardsvc={params}", "Signature": f"cardsvc=:{signature}:"}


def post(path: str, body: dict[str, Any], idempotency_key: str | None = None) -> dict[str, Any]:
    """Send until an answer comes; sign each sending anew, keep the Idempotency-Key. What the service refuses is an answer."""
    url, content = f"{URL}/api/v1{path}", json.dumps(body).encode()
    for wait in WAITS:
        request = urllib.request.Request(url, content, signed("POST", url, content, idempotency_key))  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=15) as response:  # noqa: S310 - the operator gave the URL
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            if error.code not in (502, 503, 504):
                return {"state": "refused", "problem": json.load(error)}
        except (OSError, ValueError):  # no answer, or half of one
            pass
        except Exception as error:
            if type(error).__module__ != "http.client":
                raise
        time.sleep(wait)
    return {"state": "refused", "problem": {"code": "service_unreachable", "outcome": "unknown"}}


def hear() -> tuple[str, bytes]:
    """One line about the card: ``atr HEX``, ``answer HEX`` or ``gone``."""
    word, _, rest = sys.stdin.readline().strip().partition(" ")
    return word, bytes.fromhex(rest)


def say(line: str) -> None:
    """One line to the card, or the result."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def transmit(apdu: bytes) -> bytes | None:
    """Send a command; fetch the rest (61xx) and correct Le (6Cxx) as ISO 7816-4 says. None when the card is gone."""
    data, command = b"", apdu
    while True:
        say(f"apdu {command.hex()}")
        word, answer = hear()
        if word != "answer":
            return None
        data += answer[:-2]
        if answer[-2] == 0x61:
            command = bytes((0x00, 0xC0, 0x00, 0x00, answer[-1]))
        elif answer[-2] == 0x6C:
            command = apdu[:-1] + answer[-1:]
        else:
            return data + answer[-2:]


def fits(status: str, expected: list[str]) -> bool:
    """Whether a status word is one to go on after; x stands for any digit."""
    return any(all(e in ("x", s) for e, s in zip(e_word.lower(), status.lower(), strict=True)) for e_word in expected)


def top_up() -> dict[str, Any]:
    """The loop: start, send each command to the card, post the answers, until the state is not ``card``."""
    _, atr = hear()
    key = str(uuid.uuid4())
    Path(KEY_FILE).with_suffix(".job").write_text(key)  # on disk before the first request leaves
    params = {"amount": int(AMOUNT), "payment": {"method": "cash"}}
    reply = post("/operations", {"kind": "topup", "params": params, "reader": {"atr": atr.hex()}}, key)
    while reply["state"] == "card":
        answers: list[str] = []
        where = f"/operations/{reply['id']}"
        for command in reply["commands"]:
            answer = transmit(bytes.fromhex(command["command"]))
            if answer is None:
                return post(f"{where}/abandon", {"step": reply["step"], "answers": answers, "reason": "card_gone"})
            answers.append(answer.hex())
            if not fits(answers[-1][-4:], command["expect"]):
                break
        reply = post(f"{where}/steps/{reply['step']}", {"answers": answers})
    return reply


ended = top_up()
problem = ended.get("problem") or {}
if ended["state"] == "done":
    say("result done")
else:
    say(f"result {'unknown' if problem.get('outcome') == 'unknown' else 'failed'} {problem.get('code')}")
