"""The evening: files come in, suspects get an owner, drawers are counted, terminals sign off, the day ends, all is compared.

Balances are read from the cards' own memory, cash is what the desks took and paid, and both must be what the books say.
"""

import struct
from collections import Counter as Tally
from typing import Any

from cardsvc.cli.simulate.evening import statement
from cardsvc.cli.simulate.hall.buses import OPERATOR, Bus
from cardsvc.cli.simulate.hall.house import House
from cardsvc.cli.simulate.town import FLOAT_FEN, OUTLET, Holder, Paid
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.batches import GivenFile, import_file
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.books.day_end import end_day
from cardsvc.service.cards.views import trial_balance
from cardsvc.service.cash.shifts import close_shift, explain_difference
from cardsvc.service.hall.forecast import day_figures
from cardsvc.service.purse.suspects import suspects, take
from cardsvc.service.reconcile.run import Scope, reconcile
from cardsvc.service.staff.approvals import approve
from cardsvc.vcard import bodies
from cardsvc.vcard.memory import Kind

SHORT = 100
"""What one drawer lacks in the evening, fen: somebody gave a coin too much."""


def money_on(holder: Holder) -> int:
    """What a card has on all its purses, in fen, from its memory: no code of the service is asked."""
    memory = holder.card.memory
    memory.scan()
    purses = [node for node in memory.nodes if node.kind == Kind.PURSE]
    return sum(struct.unpack(">I", memory.get(node, bodies.BALANCE, 4))[0] for node in purses)


def end_of_hall_day(house: House, bus: Bus) -> dict[str, Any]:
    """Everything that must be done and hold; figures of it. Raises CardsvcError where the day cannot be ended."""
    services, clock, boss = house.services, house.clock, house.people["boss"]
    store, keystore = services.store, services.engine.keystore
    services.engine.sweep_all()
    riding = GivenFile("spending", OPERATOR, "bus.csv", bus.file())
    rides = import_file(store, keystore, riding, clock(), by=boss) if bus.lines else None
    for suspect in suspects(store, clock()):
        take(store, suspect["card_no"], suspect["id"], "卡未再出现，明天联系持卡人", by=boss, now=clock())
    for kiosk in house.kiosks:
        kiosk.sign(on=False)
    taken = [paid for place in house.places for paid in place.seen.taken]
    for method in sorted({paid.method for paid in taken} - {"cash"}):
        content = statement((paid for paid in taken if paid.method == method), clock())
        import_file(store, keystore, GivenFile("channel", method, f"{method}.csv", content), clock(), by=boss)
    drawers = [_count(house, number, taken) for number in range(len(house.counters))]
    seal = end_day(store, OUTLET, clock.day, by=boss, now=clock())
    with store.read() as uow:
        queue = day_figures(uow, OUTLET, clock.day)
    run = reconcile(store, house.rules, Scope(clock.day), clock(), by=boss)
    with store.read() as uow:
        differences = [f"{row.code} {row.subject}" for row in uow.differences.of_run(run.run_id) if row.state != "explained"]
    ledger = verify_ledger(store, seal.root)
    left = suspects(store, clock())
    return {
        "queue": queue,
        "rides": {**(rides.batch.counts if rides else {}), "refused": bus.refused},
        "suspects": {"owned": sum(1 for row in left if row["owner"]), "unowned": sum(1 for row in left if not row["owner"])},
        "drawers": {"counted": len(drawers), "differences": [difference for difference in drawers if difference]},
        **_cards(house, left),
        "ledger": {"lines": ledger["lines"], "total": ledger["total"], "breaks": ledger["breaks"]},
        "differences": differences,
        "seal": seal.root,
    }


def _count(house: House, number: int, taken: list[Paid]) -> int:
    """A drawer by what its desk took and paid. The first is short. A difference is explained by its teller and agreed to by the
    supervisor; any other than this one is told in the figures."""
    counter, store, clock = house.counters[number], house.services.store, house.clock
    waiting = [paid for holder in house.cards for several in holder.paid.values() for paid in several]
    cash = sum(paid.amount for paid in [*taken, *waiting] if (paid.place, paid.method) == (counter.name, "cash"))
    amount = FLOAT_FEN + cash + counter.fees - counter.paid_out - (0 if number else SHORT)
    shift_id = house.shifts[counter.name].shift_id
    shift = close_shift(store, shift_id, {"10000": amount // 10000, "1": amount % 10000}, by=counter.clerk, now=clock())
    if shift.difference:
        asked = explain_difference(store, APPROVALS, shift_id, "找零多付", by=counter.clerk, now=clock())
        approve(store, APPROVALS, asked.approval_id, by=house.people["boss"], now=clock())
    return shift.difference


def _cards(house: House, left: list[dict[str, Any]]) -> dict[str, Any]:
    """Each card beside the books. A load whose fate is not known may be on it or not."""
    accounts = trial_balance(house.services.store)["accounts"]
    booked: Tally[str] = Tally()
    for account, amount in accounts.items():
        kind, _, rest = account.partition(":")
        if kind == "purse":
            booked[rest.partition(":")[0]] -= amount
    open_on = {row["card_no"]: row["amount"] for row in left}
    wrong, total = [], 0
    for holder in house.cards:
        if holder.card_no:
            on_card = money_on(holder)
            total += on_card
            if on_card - booked[holder.card_no] not in (0, open_on.get(holder.card_no, 0)):
                wrong.append(f"{holder.card_no} {on_card} {booked[holder.card_no]}")
    return {"cards": {"number": sum(1 for holder in house.cards if holder.card_no), "fen": total, "wrong": wrong}}
