"""A customer who tops up and spends without end, as a process that may be killed: python -m tests.kills.customer ...

Arguments: the service's URL, the terminal's id, its key file, the reader's port, the journal. Prints a line for everything
that was acknowledged, and the code of every error.
"""

import sys
from pathlib import Path
from typing import Any

from cardsvc.client import ApiClient, load_key
from cardsvc.client.http import ServiceRefused
from cardsvc.client.jobs import recover, run_job
from cardsvc.client.journal import Journal
from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import CarriedOut
from tests.kills.reader import ReaderChannel

PURCHASES_AFTER = {None: 1, "rule_balance_cap": 10}
"""By what the top-up was told. A customer who is killed between top-up and purchase spends less than is loaded: one day the
card is full. After a top-up that was not acknowledged there may be nothing to spend."""
WAITS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 2.0, 4.0)


def main(url: str, terminal: str, key: str, port: str, journal_file: str) -> None:
    """Recover what was begun before, then go on for ever. Ends where nobody answers: whoever started it tries again."""
    channel, journal = ReaderChannel(int(port)), Journal(Path(journal_file))
    with ApiClient(url, terminal, load_key(Path(key)), waits=WAITS) as client:
        try:
            recover(client, journal)
        except CardsvcError as error:
            print("error", error.code, flush=True)
            return
        while True:
            told = job(client, journal, channel, "topup", {"amount": 5000, "payment": {"method": "cash"}})
            for _ in range(PURCHASES_AFTER.get(told, 0)):
                job(client, journal, channel, "purchase", {"amount": 5000, "merchant": "bus"})


def job(client: ApiClient, journal: Journal, channel: ReaderChannel, kind: str, params: dict[str, Any]) -> str | None:
    """One job; what it was told is printed. The code of the error, if there was one."""
    try:
        result = run_job(client, journal, channel, kind, params)
        print(kind, result.get("load_id") or result.get("purchase_id"), flush=True)
        return None
    except CarriedOut as error:
        code = str((error.reply.problem or {}).get("code"))
    except ServiceRefused as refused:
        code = str(refused.problem.get("code"))
    except CardsvcError as error:
        code = error.code
    print("error", code, flush=True)
    return code


if __name__ == "__main__":
    main(*sys.argv[1:])
