"""What PostgreSQL alone makes of a top-up: its statements, recorded once, written as a pgbench script with random cards.

What is different in every top-up (card, ids, counters, numbers in the chain) becomes a variable of pgbench; everything else
stays as the service sent it. So pgbench does the work of the database without card, keys, rules and Python.
"""

import re
import subprocess
from pathlib import Path

from cardsvc.cli.bench.fill import FIRST_CARD
from cardsvc.store import Store
from cardsvc.store.recording import Statement, as_text, libpq_url

NUMBER_MARK = 987_650_000
"""Stands for the numbers that must be new each time until the text of the statement is made."""
NEW_NUMBERS = ("number", "online_counter")
HEAD = """\
\\set card {first} + :client_id + {clients} * random(0, {last})
\\set id random(100000000000, 999999999999)
\\set new random(1000000, 2000000000)
"""


def script(store: Store, statements: list[Statement], card_no: str, cards: int, clients: int) -> str:
    """The pgbench script of the recorded statements of a top-up on this card, for as many filled cards.

    Each client has cards of its own: one card has one live operation.
    """
    fresh: list[Statement] = []
    numbers = 0
    for sql, values in statements:
        new = {name: NUMBER_MARK + numbers for name in NEW_NUMBERS if sql.startswith("INSERT") and values.get(name) is not None}
        numbers += len(new)
        fresh.append((sql, values | new))
    text = ";\n".join(as_text(store, fresh)).replace(card_no, "31000101:card")
    for place, known in enumerate(_ids(statements)):
        text = text.replace(known, f"{place:08d}-0000-4000-8000-:id")
    text = re.sub(rf"\b{NUMBER_MARK // 10000}(\d{{4}})\b", lambda mark: f"(:new + {int(mark[1])})", text)
    return HEAD.format(first=FIRST_CARD, clients=clients, last=cards // clients - 1) + text + ";\n"


def _ids(statements: list[Statement]) -> list[str]:
    """Every UUID among the parameters, in the order of their first use."""
    pattern = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
    return list(dict.fromkeys(pattern.findall(str([parameters for _, parameters in statements]))))


def run(program: str, database_url: str, file: Path, clients: int, seconds: int) -> float:
    """Top-ups per second that pgbench reaches. Raises RuntimeError with its words when it fails."""
    options = ["-n", "-c", str(clients), "-j", str(clients), "-T", str(seconds), "-f", str(file), libpq_url(database_url)]
    done = subprocess.run([program, *options], check=False, capture_output=True, text=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode or not found:
        raise RuntimeError(f"pgbench: {done.stderr[-400:]}")
    return float(found[1])
