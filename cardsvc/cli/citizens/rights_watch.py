"""A folder that an office puts its files into: each is imported once it is whole, and put away with a report.

Whoever writes should write under another name (a leading dot, or ``.tmp``, ``.part``) and rename. A file that is written in
place is taken when two looks find the same size and time. What was imported but not yet put away when the program
ended is known by its content and only put away.
"""

import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cardsvc.bootstrap import now
from cardsvc.cli.citizens.rights import lines_of, told
from cardsvc.cli.shared.database import content_of
from cardsvc.cli.shared.output import t
from cardsvc.errors import CardsvcError, StoreError
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.service.rights.importing import import_feed
from cardsvc.store import Store
from cardsvc.store.records import Staff
from cardsvc.text import language_of_environment

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".swp")
DONE, BAD = "done", "bad"
REPORT = ".report.json"

Stamp = tuple[int, int]


class Watch:
    """One folder of one office. ``tell``: gets a line for each file, and one when the database or a file cannot be reached."""

    def __init__(
        self, store: Store, rules: RuleBook, folder: Path, office: str, by: Staff, tell: Callable[[str], None]
    ) -> None:
        self._store, self._rules, self._office, self._by = store, rules, office, by
        self._folder, self._tell = folder, tell
        self._seen: dict[str, Stamp] = {}
        self._trouble = ""
        for name in (DONE, BAD):
            (folder / name).mkdir(exist_ok=True)

    def look(self, stop: threading.Event) -> None:
        """Take every file that is whole, by name. Between two files it may be stopped."""
        try:
            found = self._files()
            whole = [name for name, stamp in sorted(found.items()) if self._seen.get(name) == stamp]
            self._seen = found
            for name in whole:
                if stop.is_set():
                    return
                self._take(name)
            self._trouble = ""
        except (StoreError, OSError) as error:
            self._in_trouble(error)

    def _in_trouble(self, error: StoreError | OSError) -> None:
        """The file stays and is tried again; the same trouble is told once."""
        about = error.code if isinstance(error, StoreError) else f"{error.strerror} {error.filename or ''}"
        if about != self._trouble:
            self._tell(t(f"稍后再试：{about}", f"Will be tried again: {about}"))
        self._trouble = about

    def _files(self) -> dict[str, Stamp]:
        """What lies in the folder by name, with size and time; no links, nothing that is still being written."""
        found: dict[str, Stamp] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".") and not _unfinished(entry.name):
                    stat = entry.stat(follow_symlinks=False)
                    found[entry.name] = (stat.st_size, stat.st_mtime_ns)
        return found

    def _take(self, name: str) -> None:
        path, language = self._folder / name, language_of_environment()
        try:
            done = told(import_feed(self._store, self._rules, self._office, name, content_of(path), by=self._by, now=now()))
        except StoreError:
            raise
        except CardsvcError as error:
            problems = [problem.into(language) for problem in error.details.get("problems", ())]
            self._put_away(path, BAD, {"problem": problem_of(error), "lines": problems})
            self._tell(f"{BAD}/{name}: {error.code} {'; '.join(problems[:3])}")
            return
        self._put_away(path, DONE, done)
        self._tell(f"{DONE}/{name}: {' '.join(lines_of(done))}")

    def _put_away(self, path: Path, where: str, report: Mapping[str, Any]) -> None:
        """Report first, then the file: a file that was put away has its report. A name that is taken gets the time added."""
        target = self._folder / where / path.name
        if target.exists():
            target = target.with_name(f"{target.stem}.{now():%Y%m%dT%H%M%S%f}{target.suffix}")
        text = json.dumps(report, ensure_ascii=False, indent=2, default=str)
        target.with_name(target.name + REPORT).write_text(text + "\n", "utf-8")
        path.rename(target)
        self._seen.pop(path.name, None)


def _unfinished(name: str) -> bool:
    return name.lower().endswith(UNFINISHED)
