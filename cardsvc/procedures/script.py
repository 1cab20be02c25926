"""Collecting commands into batches, and judging the answers."""

from collections.abc import Sequence

from cardsvc.card.commands import get_challenge
from cardsvc.errors import CardError
from cardsvc.iso7816.apdu import Answer
from cardsvc.iso7816.exchange import Answers, Ask, Procedure
from cardsvc.iso7816.status import describe

MAX_BATCH = 32
"""Commands in one batch at the most: what a card that is pulled leaves uncertain stays small enough to look at."""


def send_all(asks: Sequence[Ask]) -> Procedure[Answers]:
    """Send commands, all of which must be accepted. Raises CardError ``card_refused`` naming the first that is not."""
    collected: list[Answer] = []
    for start in range(0, len(asks), MAX_BATCH):
        batch = tuple(asks[start : start + MAX_BATCH])
        answers = yield batch
        ask, last = batch[len(answers) - 1], answers[-1]
        if len(answers) < len(batch) or not ask.accepts(last):
            raise refused(ask, last)
        collected.extend(answers)
    return tuple(collected)


def refused(ask: Ask, answer: Answer) -> CardError:
    """The error for a command that the card did not accept."""
    meaning = describe(answer.sw)
    return CardError("card_refused", command=ask.name, sw=f"{answer.sw:04X}", meaning_zh=meaning.zh, meaning_en=meaning.en)


class Script:
    """Commands waiting to be sent together; a challenge, or the end, sends them."""

    def __init__(self, challenge_length: int) -> None:
        self._challenge_length = challenge_length
        self._pending: list[Ask] = []

    def add(self, *asks: Ask) -> None:
        """Append commands that do not depend on an answer still to come."""
        self._pending.extend(asks)

    def flush(self) -> Procedure[Answers]:
        """Send what waits."""
        pending, self._pending = self._pending, []
        return (yield from send_all(pending))

    def challenge(self) -> Procedure[bytes]:
        """Send what waits and then GET CHALLENGE; the number is good for the next command only."""
        self.add(get_challenge(self._challenge_length))
        answers = yield from self.flush()
        challenge = answers[-1].data
        if len(challenge) != self._challenge_length:
            raise CardError("answer_malformed", reason=f"challenge of {len(challenge)} bytes")
        return challenge
