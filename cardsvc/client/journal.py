"""What a terminal has begun, on disk before it is sent: after a crash it finds its job again and never starts it twice.

One JSON object a line: {"key", "kind", "params", "atr" in hex} when begun, {"key", "operation"} when the service has it and the
card hears its first command, {"key", "ended": state} when over.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Begun:
    """A job that was begun and, as far as this terminal knows, not ended. ``operation``: the service's, None where no answer
    came, so that the card was told nothing."""

    key: str
    kind: str
    params: Mapping[str, Any]
    atr: bytes
    operation: str | None = None


class Journal:
    """The journal of one terminal. A line cut short by a crash is ignored."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def begin(self, key: str, kind: str, params: Mapping[str, Any], atr: bytes) -> None:
        """Note a job, with the ATR of its card, before its first request leaves."""
        self._append({"key": key, "kind": kind, "params": dict(params), "atr": atr.hex()})

    def carry(self, key: str, operation: str) -> None:
        """Note which operation of the service a job is, before its first command goes to the card."""
        self._append({"key": key, "operation": operation})

    def end(self, key: str, state: str) -> None:
        """Note that a job is over."""
        self._append({"key": key, "ended": state})

    def open_jobs(self) -> list[Begun]:
        """Jobs begun and not ended, oldest first."""
        jobs: dict[str, Begun] = {}
        for line in self._lines():
            if "ended" in line:
                jobs.pop(line["key"], None)
            elif "operation" in line:
                if line["key"] in jobs:
                    jobs[line["key"]] = replace(jobs[line["key"]], operation=line["operation"])
            else:
                jobs[line["key"]] = Begun(line["key"], line["kind"], line["params"], bytes.fromhex(line["atr"]))
        return list(jobs.values())

    def _lines(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        lines = []
        for raw in self._path.read_text("utf-8").splitlines():
            try:
                lines.append(json.loads(raw))
            except ValueError:
                continue
        return lines

    def _append(self, entry: Mapping[str, Any]) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n" * self._cut_short() + json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _cut_short(self) -> bool:
        """Whether the last line was never finished."""
        content = self._path.read_bytes()
        return bool(content) and not content.endswith(b"\n")
