"""The service as it is run: ``cardsvc serve`` with two gunicorn workers in processes of its own."""

import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cardsvc.bootstrap import now
from cardsvc.client import ApiClient, load_key
from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import carry_out
from cardsvc.vcard import VirtualCard
from tests.postgres import free_port
from tests.waiting import until

ROOT = Path(__file__).parent.parent


class Service:
    """The processes and the kiosk's client."""

    def __init__(self, folder: Path, environment: Mapping[str, str], key: Path) -> None:
        port = free_port()
        self.url, self.key, self.log = f"http://127.0.0.1:{port}", key, folder / "log"
        program = [sys.executable, "-c", "from cardsvc.cli.main import main; main()"]
        command = [*program, "serve", "--port", str(port), "--workers", "2"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT, stdout=log, stderr=log)

    def workers(self) -> list[int]:
        """The worker processes now."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], check=False, capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]

    def top_up(self, card: VirtualCard, amount: int = 5000) -> int:
        """The balance after a top-up of so many fen through the service. Raises CardsvcError where nobody answers."""
        params: dict[str, Any] = {"amount": amount, "payment": {"method": "cash", "reference": None}}
        with ApiClient(self.url, "kiosk-7", load_key(self.key), clock=now, waits=(0.2, 0.2)) as client:
            return int(carry_out(client, card.channel(), "topup", params, idempotency_key=str(uuid.uuid4()))["balance"])

    def top_up_at_last(self, card: VirtualCard) -> int:
        """The same, tried until the service is there."""

        def balance() -> int | None:
            assert self.process.poll() is None, self.log.read_text()
            with suppress(CardsvcError):
                return self.top_up(card)
            return None

        return int(until(balance, self.log.read_text))
