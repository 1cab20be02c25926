"""A customer who tops up and spends without end, as a process that may be killed: python -m tests.kills.customer ...

Arguments: the service's URL, the terminal's id, its key file, the reader's port, the journal. Prints a line for everything
that was acknowledged, and the code of every error.
"""

import sys
import uuid
from pathlib import Path
from typing import Any

from cardsvc.client import ApiClient, load_key
from cardsvc.client.journal import Journal
from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.wire import OperationState
from tests.kills.reader import ReaderChannel

WAITS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 2.0, 4.0)


def main(url: str, terminal: str, key: str, port: str, journal_file: str) -> None:
    """Recover what was begun before, then go on for ever. Ends where nobody answers: whoever started it tries again."""
    channel, journal = ReaderChannel(int(port)), Journal(Path(journal_file))
    with ApiClient(url, terminal, load_key(Path(key)), waits=WAITS) as client:
        try:
            recover(client, journal, channel)
        except CardsvcError as error:
            print("error", error.code, flush=True)
            return
        while True:
            job(client, journal, channel, "topup", {"amount": 5000, "payment": {"method": "cash"}})
            job(client, journal, channel, "purchase", {"amount": 5000, "merchant": "bus"})


def recover(client: ApiClient, journal: Journal, channel: ReaderChannel) -> None:
    """The same key finds the operation of a killed run again; its card was without power since, so it is over."""
    for begun in journal.open_jobs():
        reply = client.start(begun.kind, begun.params, atr=channel.atr, idempotency_key=begun.key)
        if reply.state is OperationState.CARD:
            client.abandon(reply.id, reply.step, (), "client_restarted")
        journal.end(begun.key, "recovered")


def job(client: ApiClient, journal: Journal, channel: ReaderChannel, kind: str, params: dict[str, Any]) -> None:
    """One job, noted before its first request leaves; an error is told and leaves the job to the next contact."""
    key = str(uuid.uuid4())
    journal.begin(key, kind, params)
    try:
        result = carry_out(client, channel, kind, params, idempotency_key=key)
        print(kind, result.get("load_id") or result.get("purchase_id"), flush=True)
    except CarriedOut as error:
        print("error", (error.reply.problem or {}).get("code"), flush=True)
    except CardsvcError as error:
        print("error", error.code, flush=True)
    journal.end(key, "done")


if __name__ == "__main__":
    main(*sys.argv[1:])
