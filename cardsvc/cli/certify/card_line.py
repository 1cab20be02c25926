"""The card of a terminal under test, over the standard input and output of its program.

We say   ``atr HEX`` when the card is on the reader, ``answer HEX`` to each command, ``gone`` when the card is away, ``cancel``
         in place of an answer when the customer wants no more (the command was not sent).
It says  ``apdu HEX`` for each command, and at the end ``result done``, ``result failed CODE`` or ``result unknown CODE``.
Each is one line. Whatever it prints besides is shown as it is.
"""

import queue
import subprocess
import threading
from pathlib import Path
from typing import IO, cast

from cardsvc.cli.certify.scenarios import CardTrouble
from cardsvc.errors import CardGone
from cardsvc.vcard import VirtualCard

CREDIT_FOR_LOAD = bytes.fromhex("8052")
INITIALIZE_FOR_LOAD = bytes.fromhex("8050")
READ_BINARY = bytes.fromhex("00B0")
FILE_NOT_FOUND = bytes.fromhex("6A82")
SILENCE_SECONDS = 60
KILLED = "killed"


class CardLine:
    """One card for one run of the program, with what goes wrong with it."""

    def __init__(self, card: VirtualCard, other: VirtualCard, trouble: CardTrouble) -> None:
        self._card, self._channel = card, card.channel()
        self._other = other
        self._trouble = trouble
        self._passed = False

    def run(self, command: list[str], log: Path) -> str:
        """Run the program to its end; what it says came of it: done, failed, unknown, or what else it did. One that is killed
        is run again, with the same card on the reader."""
        said = self._once(command, log)
        if said != KILLED:
            return said
        self._trouble = "none"
        self._channel = self._card.channel()
        return self._once(command, log)

    def _once(self, command: list[str], log: Path) -> str:
        with log.open("a") as errors:
            program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
            try:
                return self._converse(program)
            finally:
                program.kill()
                program.communicate()
                self._channel.close()

    def _converse(self, program: "subprocess.Popen[str]") -> str:
        said: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_listen, args=(program, said), daemon=True).start()
        self._say(program, f"atr {self.atr.hex().upper()}")
        while True:
            try:
                line = said.get(timeout=SILENCE_SECONDS)
            except queue.Empty:
                return "silent"
            word, _, rest = line.partition(" ")
            if word == "result":
                return rest.partition(" ")[0]
            if word == "ended":
                return "ended without a result"
            if word == "apdu":
                answer = self.answer(rest)
                if answer == KILLED:
                    return KILLED
                self._say(program, answer)

    @staticmethod
    def _say(program: "subprocess.Popen[str]", line: str) -> None:
        try:
            pipe = cast(IO[str], program.stdin)
            pipe.write(line + "\n")
            pipe.flush()
        except OSError:
            return  # it has ended; what it said last is on its way

    @property
    def atr(self) -> bytes:
        """The ATR of the card that is on the reader."""
        return self._channel.atr

    def answer(self, text: str) -> str:
        """What is said to a command in hex; KILLED when nobody is to hear it any more."""
        try:
            command = bytes.fromhex(text)
        except ValueError:
            return "gone"
        for trouble, head, said in (
            ("cancelled", INITIALIZE_FOR_LOAD, "cancel"),
            ("refuses", READ_BINARY, f"answer {FILE_NOT_FOUND.hex().upper()}"),
        ):
            if self._trouble == trouble and command[:2] == head and not self._passed:
                self._passed = True
                return said
        credit = command[:2] == CREDIT_FOR_LOAD
        if credit and self._trouble == "pulled_before":
            self._channel.close()
            return "gone"
        if credit and self._trouble == "swapped":
            self._channel.close()
            self._channel = self._other.channel()
        try:
            answer = self._channel.transmit(command)
        except CardGone:
            return "gone"
        if credit and self._trouble in ("pulled_after", "crashed"):
            self._channel.close()
            return "gone" if self._trouble == "pulled_after" else KILLED
        return f"answer {answer.hex().upper()}"


def _listen(program: "subprocess.Popen[str]", said: "queue.Queue[str]") -> None:
    for line in cast(IO[str], program.stdout):
        said.put(line.strip())
    said.put("ended")
