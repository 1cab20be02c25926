"""What a job on a card is offered as: its choices."""

from dataclasses import dataclass, field

from cardsvc.text import Text

NOTHING_ON_IT = Text("卡里没有余额", "There is no money on the card")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several: its value for the operation, what it is called, why it does not go, and what it costs in fen where it is
    known."""

    value: str
    label: Text
    reason: Text | None = None
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A job. ``kind``: of operation; ``reason``: why it does not go now; ``choices``: what there is to choose from."""

    kind: str
    reason: Text | None = None
    choices: tuple[Choice, ...] = field(default=())

    @property
    def possible(self) -> bool:
        """Whether it may be begun."""
        return self.reason is None
