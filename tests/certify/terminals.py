"""Terminals for the certification: ours, in this process; the one of the vendors' page; and ones that are wrong on purpose."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from cardsvc.cli.certify.card_line import CardLine
from cardsvc.cli.certify.command import answer_in, top_up
from cardsvc.cli.certify.line import Line
from cardsvc.cli.certify.run import AMOUNT, TERMINAL
from cardsvc.client import ApiClient, load_key
from cardsvc.client.journal import Journal

EXAMPLE = Path(__file__).parent.parent.parent / "cardsvc" / "docs" / "examples" / "terminal.py"
STEP_TAKEN, NOT_BUSY = "                break\n        step =", "            elif error.code not in (502, 503, 504):\n"
QUICK = ("WAITS = (0.2, 0.5, 1, 2, 4, 8)", "WAITS = (0.1,) * 5")
BAD: dict[str, tuple[tuple[str, str], ...]] = {
    "asks_at_once": (("time.sleep(max(wait, asked))", "time.sleep(0.01)"),),
    "goes_on_after_a_bad_status": ((STEP_TAKEN, STEP_TAKEN.replace("break", "pass")),),
    "believes_old_replies": (('reply["step"] <= step', "False"),),
    "ignores_a_cancel": (
        (
            '        if word != "answer":\n',
            '        if word == "cancel":\n            continue\n        if word != "answer":\n',
        ),
    ),
    "guesses_the_time": (
        ("int(time.time())", "int(time.time()) + OFF[0]"),
        ("HEX_KEY = 64\n", "HEX_KEY = 64\nOFF = [0]\n"),
        QUICK,
        (NOT_BUSY, f"            elif error.code == 401:\n                OFF[0] -= 137\n{NOT_BUSY}"),
    ),
    "never_stops": ((NOT_BUSY, "            elif False:\n"), QUICK),
    "takes_a_refusal_for_a_failure": (('reply["problem"]["outcome"] = "unknown"', "pass"),),
    "forgets_what_it_missed": (('told["since"] != kept["version"]', "False"),),
    "mixes_lists": (('set() if told["kind"] == "full" else set(kept["cards"])', 'set(kept["cards"])'),),
    "believes_every_list": (
        ("    except InvalidSignature:\n        return False", "    except InvalidSignature:\n        return True"),
    ),
    "forgets_a_crash": (("    if not JOB.exists():\n", "    if True:\n"),),
    "acknowledges_nothing": (('        post("/hotlist/ack", {"version": told["version"]})\n', ""),),
}
"""What a careless vendor changes in the terminal of the page."""


class Held:
    """The card of a run as our client has it: a channel."""

    def __init__(self, card: CardLine) -> None:
        self._card, self.atr = card, card.atr

    def transmit(self, command: bytes) -> bytes:
        return answer_in(self._card.answer(command.hex()), "answer")

    def close(self) -> None:
        """Nothing to let go of."""


def ours(key: Path, folder: Path) -> Callable[[CardLine, Line], str]:
    """Our client, as a terminal of the certification."""

    def run(card: CardLine, line: Line) -> str:
        with ApiClient(line.url, TERMINAL, load_key(key)) as port:
            return top_up(port, Journal(folder / "journal"), lambda: Held(card), AMOUNT).partition(" ")[0]

    return run


def called(program: Path, last: str = "{amount}") -> str:
    """How a vendor's program is called."""
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(program))} {{url}} {{id}} {{key}} {last}"


def bad(name: str, folder: Path) -> Path:
    """A terminal that does one thing wrong."""
    source = EXAMPLE.read_text("utf-8")
    for good, wrong in BAD[name]:
        assert source.count(good) == 1, (name, good)
        source = source.replace(good, wrong)
    program = folder / f"{name}.py"
    program.write_text(source, "utf-8")
    return program
