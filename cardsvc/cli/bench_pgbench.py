"""What PostgreSQL alone makes of a top-up: its statements, recorded once, written as a pgbench script with random cards.

What is different in every top-up (card, ids, counters, numbers in the chain) becomes a variable of pgbench; everything else
stays as the service sent it. So pgbench does the work of the database without card, keys, rules and Python.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cardsvc.cli.bench_fill import FIRST_CARD

NUMBER_MARK = 987_650_000
"""Stands for the numbers that must be new each time until the text of the statement is made."""
HEAD = """\
\\set card {first} + :client_id + {clients} * random(0, {last})
\\set id random(100000000000, 999999999999)
\\set new random(1000000, 2000000000)
"""


def record(opened: Any, top_up: Callable[[], object]) -> list[tuple[str, Any]]:
    """Every statement of one top-up with its parameters, BEGIN and COMMIT among them."""
    from sqlalchemy import event

    engine, seen = opened.store._writer, list[tuple[str, Any]]()

    def begun(_connection: Any) -> None:
        seen.append(("BEGIN", None))

    def ended(_connection: Any) -> None:
        seen.append(("COMMIT", None))

    def sent(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        seen.append((sql, parameters))

    listeners = (("begin", begun), ("commit", ended), ("before_cursor_execute", sent))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    top_up()
    for name, listener in listeners:
        event.remove(engine, name, listener)
    return seen


def script(opened: Any, statements: list[tuple[str, Any]], card_no: str, cards: int, clients: int) -> str:
    """The pgbench script of recorded statements on this card, for as many filled cards.

    Each client has cards of its own: one card has one live operation.
    """
    from psycopg import ClientCursor

    ids = _ids(statements)
    lines, numbers = [], 0
    with opened.store._writer.connect() as connection:
        cursor = ClientCursor(connection.connection.driver_connection)
        for sql, parameters in statements:
            values = dict(parameters) if parameters else {}
            for name in ("number", "online_counter"):
                if sql.startswith("INSERT") and isinstance(values.get(name), int):
                    values[name] = NUMBER_MARK + numbers
                    numbers += 1
            text = cursor.mogrify(sql, values) if values else sql
            text = text.replace(card_no, "31000101:card")
            for place, known in enumerate(ids):
                text = text.replace(known, f"{place:08d}-0000-4000-8000-:id")
            text = re.sub(rf"\b{NUMBER_MARK // 10000}(\d{{4}})\b", lambda mark: f"(:new + {int(mark[1])})", text)
            lines.append(" ".join(text.split()) + ";")
    return HEAD.format(first=FIRST_CARD, clients=clients, last=cards // clients - 1) + "\n".join(lines) + "\n"


def _ids(statements: list[tuple[str, Any]]) -> list[str]:
    """Every UUID among the parameters, in the order of their first use."""
    pattern = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
    return list(dict.fromkeys(pattern.findall(str([parameters for _, parameters in statements]))))


def pgbench() -> str | None:
    """Where pgbench is, if it is installed (Debian: postgresql-contrib or the server's own package)."""
    beside = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    return shutil.which("pgbench") or (str(beside[-1]) if beside else None)


def run(program: str, database_url: str, file: Path, clients: int, seconds: int) -> float:
    """Top-ups per second that pgbench reaches. Raises RuntimeError with its words when it fails."""
    from sqlalchemy.engine import make_url

    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    options = ["-n", "-c", str(clients), "-j", str(clients), "-T", str(seconds), "-f", str(file), url]
    done = subprocess.run([program, *options], check=False, capture_output=True, text=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode or not found:
        raise RuntimeError(f"pgbench: {done.stderr[-400:]}")
    return float(found[1])
