"""The machine's floor: a world, its model of the money, and a contact of a card with everything that can go wrong in it."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.service.operations.kinds import Actor
from cardsvc.store.records import Shift
from cardsvc.units import LOCAL
from cardsvc.vcard import FaultPlan
from tests.day.outlet import VAULT
from tests.money.city import ACTORS, ERAS, FIRST_LOAD, City, Held
from tests.money.model import CASH, GIFT_PERCENT, Lot, Money, PurseModel, add_months, period_of
from tests.money.upsets import UPSETS, ClientGone, Upset, UpsetPort
from tests.money.witness import Moved, Purse, WatchedCard, Witness

NEVER = ("procedure_not_deterministic", "state_not_allowed", "store_")
"""Codes that no order of events may bring about."""
CAPS = {"citizen": 100000, "C": 55000, "D": 55000, "T": 100000, "A": 100000, "B": 100000, "parking": 100000}

plans = st.one_of(
    st.just(FaultPlan()),
    st.integers(1, 24).map(lambda number: FaultPlan(tear_before_command=number)),
    st.integers(1, 24).map(lambda number: FaultPlan(tear_after_command=number)),
    st.integers(1, 2).map(lambda number: FaultPlan(tear_before_write=number)),
    st.integers(1, 2).map(lambda number: FaultPlan(tear_after_write=number)),
    st.integers(1, 2).map(lambda number: FaultPlan(lose_answer_to_write=number)),
    st.integers(1, 160).map(lambda byte: FaultPlan(tear_at_eeprom_byte=byte)),
    st.integers(1, 160).map(lambda byte: FaultPlan(worn_from_eeprom_byte=byte)),
)
upsets = st.one_of(st.just(Upset()), st.builds(Upset, st.sampled_from(UPSETS), st.integers(1, 9)))
cards = st.integers(0, 11)
actors = st.sampled_from(ACTORS)
areas = st.integers(0, 3)


class Floor(RuleBasedStateMachine):
    """A world and its model. ``cities`` are the templates, by era."""

    cities: Mapping[str, City]

    def __init__(self) -> None:
        super().__init__()
        self.begun = False

    @initialize(era=st.sampled_from(sorted(ERAS)))
    def begin(self, era: str) -> None:
        """A fresh city of some era."""
        self.set_out(era)

    def set_out(self, era: str) -> None:
        """What every part of the machine begins with."""
        self.world, self.hall, self.held = self.cities[era].again()
        self.money = Money({"vault:hall": VAULT, "clearing:bank:hall": -VAULT})
        self.witnesses = {held.card_no: Witness(held.card) for held in self.held}
        self.shifts: dict[str, Shift] = {}
        self.paid: set[tuple[str, str]] = set()
        self.on_cards: set[tuple[str, int, dt.datetime]] = set()
        self.references = 0
        self.steps = 0
        for held in self.held:
            for product, area in held.areas()[:2]:
                bus = "bus", "ep" if product else odd_or_even(self.today)
                purse = ("purse", "ep") if (product, area) == (None, "purse") else bus
                lot = Lot(CASH, FIRST_LOAD, FIRST_LOAD * GIFT_PERCENT.get(product or "", 0) // 100)
                self.loaded(held, purse, area, None, "clearing:desk:desk-1", [lot])
        self.begun = True

    @property
    def today(self) -> dt.date:
        """The day in Hangzhou."""
        return self.world.now.astimezone(LOCAL).date()

    def pick(self, number: int) -> Held:
        """A card by any number."""
        return self.held[number % len(self.held)]

    def tick(self) -> None:
        """No two things happen in the same second."""
        self.steps += 1
        self.world.now += dt.timedelta(seconds=1)

    def contact(
        self, held: Held, kind: str, moved: Moved, *, actor: Actor, plan: FaultPlan, upset: Upset, **params: Any
    ) -> Mapping[str, Any] | None:
        """One contact of a card; ``moved`` is told what moved on it. The result, or None where it did not end well."""
        self.tick()

        def noted(purse: Purse, amount: int) -> None:
            self.on_cards.add((held.card_no, abs(amount), self.world.now))
            moved(purse, amount)

        held.card.plan = plan
        channel = WatchedCard(self.witnesses[held.card_no], noted)
        port = UpsetPort(self.world, actor, upset)
        try:
            return carry_out(port, channel, kind, params, idempotency_key=str(uuid.uuid4()))
        except CarriedOut as ended:
            self.refused(kind, str((ended.reply.problem or {}).get("code")))
        except CardsvcError as error:
            self.refused(kind, error.code)
        except ClientGone:
            pass
        finally:
            held.card.plan = FaultPlan()
            channel.close()
        return None

    def refused(self, kind: str, code: str) -> None:
        """Count it for the statistics; some codes are never right."""
        event(f"{kind}: {code}")
        assert not code.startswith(NEVER), code

    def quietly(self, held: Held, kind: str, actor: Actor, **params: Any) -> Mapping[str, Any] | None:
        """A contact in which nothing goes wrong and no money moves."""

        def moved(purse: Purse, amount: int) -> None:
            raise AssertionError(f"{kind} moved {amount} in {purse}")

        return self.contact(held, kind, moved, actor=actor, plan=FaultPlan(), upset=Upset(), **params)

    def till(self, actor: Actor, method: str) -> str:
        """Where money that is taken here goes: cash into the drawer of an open shift, everything else is owed by the place."""
        shift = self.shifts.get(actor.id)
        open_ = shift is not None and shift.state == "open"
        return f"drawer:{shift.shift_id}" if shift and open_ and method == CASH else f"clearing:{actor.kind}:{actor.id}"

    def payment(self, method: str, again: bool) -> dict[str, Any]:
        """A payment; with ``again``, one whose reference was used before."""
        if method == CASH:
            return {"method": CASH, "reference": None}
        self.references += not (again and self.references)
        return {"method": method, "reference": f"ref-{self.references}"}

    def month(self, ahead: bool) -> str | None:
        """This month, left to default, or the next by name."""
        return f"{add_months(self.today.replace(day=1), 1):%Y-%m}" if ahead else None

    def lapsing(self, held: Held, then: Callable[[Purse, int], None]) -> Moved:
        """For a load: money that goes off the card first is void month money; what comes on is told to ``then``."""

        def moved(purse: Purse, amount: int) -> None:
            if amount < 0:
                self.money.lapse(held.card_no, purse, -amount, self.today)
            else:
                then(purse, amount)

        return moved

    def loaded(self, held: Held, purse: Purse, area: str, month: str | None, source: str, lots: list[Lot]) -> None:
        """A load came onto a card: into the right purse, for the right months, within its cap."""
        product = {"purse": "citizen", "parking": "parking"}.get(purse[0], held.kind.bus)
        wanted = dt.date.fromisoformat(f"{month}-01") if month else self.today.replace(day=1)
        period = period_of(area, wanted)
        model = self.money.purse(held.card_no, purse)
        assert not model.balance or model.period == period, "money of another month was there"
        if area == "month":
            assert purse == ("bus", odd_or_even(wanted))
        model.period, model.product, model.area = period, product, area
        self.money.load(held.card_no, purse, source, lots, product)

    def check_cap(self, model: PurseModel) -> None:
        """What is paid in at a terminal never goes above the cap of the product."""
        assert model.balance <= CAPS[model.product]


def odd_or_even(month: dt.date) -> str:
    """The purse of a bus card for a month: the electronic deposit for odd months, the electronic purse for even ones."""
    return "ed" if month.month % 2 else "ep"
