"""The same parsers under Atheris, guided by the code that an input reaches: ``make fuzz-guided``. Never part of the tests.

    python -m tests.fuzz.guided                       every target, each in a process of its own
    python -m tests.fuzz.guided ATR --runs 100000     one target

Begins with what virtual cards of all families answered. An input that ends outside our error tree, or takes too long, ends the
run with its stack trace and is kept in the folder named at the end. Atheris is the dependency group ``fuzz``.
"""

import argparse
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import atheris

INSTRUMENTED = [
    "cardsvc.card",
    "cardsvc.iso7816",
    "cardsvc.diagnosis",
    "cardsvc.procedures.strangers",
    "cardsvc.units",
    "cardsvc.wire",
    "cardsvc.cli.certify",
]
SECONDS_FOR_ONE, MOST_BYTES, MOST_MEGABYTES = 20, 600, 1500

with atheris.instrument_imports(include=INSTRUMENTED):
    from cardsvc.errors import CardsvcError
    from tests.fuzz.inputs import city
    from tests.fuzz.targets import TARGETS


def run_one(name: str, runs: int, kept: Path) -> None:
    """One target; Atheris ends the process."""
    target = TARGETS[name]

    def one(raw: bytes) -> None:
        with suppress(CardsvcError):
            target(raw)

    corpus = Path(tempfile.mkdtemp(prefix="cardsvc-corpus-"))
    world, cards, seeds = city(corpus)
    world.close()
    inputs = corpus / "inputs"
    inputs.mkdir()
    for number, raw in enumerate([*seeds, *(card.atr for card in cards.values())]):
        (inputs / str(number)).write_bytes(raw)
    limits = [f"-timeout={SECONDS_FOR_ONE}", f"-max_len={MOST_BYTES}", f"-rss_limit_mb={MOST_MEGABYTES}"]
    flags: list[Any] = [sys.argv[0], f"-runs={runs}", "-seed=20261124", *limits, f"-artifact_prefix={kept}/", str(inputs)]
    atheris.Setup(flags, one)
    atheris.Fuzz()


def main() -> int:
    """All targets by turns, or one."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("target", nargs="?", choices=list(TARGETS))
    asked.add_argument("--runs", type=int, default=100_000, help="inputs for each target")
    asked.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()), help="where an input that failed is kept")
    given = asked.parse_args()
    if given.target:
        run_one(given.target, given.runs, given.keep)
    rest = ["--runs", str(given.runs), "--keep", str(given.keep)]
    failed = [
        name
        for name in TARGETS
        if subprocess.run([sys.executable, "-m", "tests.fuzz.guided", name, *rest], check=False).returncode
    ]
    sys.stdout.write(f"failed: {', '.join(failed) or 'none'}; inputs kept in {given.keep}\n")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
