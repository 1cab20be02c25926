"""Operators' files: every record booked once, whatever comes late, twice, torn or forged."""

import dataclasses
import datetime as dt
import re
import threading
from collections import Counter
from typing import Any

import pytest

from cardsvc.errors import CardsvcError, RequestError, StoreError
from cardsvc.service.batches import GivenFile, Imported, import_file, importing
from cardsvc.service.batches.spending import counters_of
from cardsvc.service.books.audit import verify_ledger
from cardsvc.store.records import Purchase
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.batches.merchant import COLUMNS, Reader, Ride, spending_file, tac_of
from tests.world import FAMILIES, World, balance_on, key_ring

CARD = "3100010100000001"


@pytest.fixture
def card(world: World) -> VirtualCard:
    """A card with 50.00 in its purse."""
    card = world.issue(FAMILIES[0])
    world.topup(card)
    return card


def take(world: World, rides: list[Ride] | str | bytes, operator: str = "bus") -> Imported:
    """Import a file of these rides, or of this text."""
    text = spending_file(rides) if isinstance(rides, list) else rides
    content = text.encode() if isinstance(text, str) else text
    given = GivenFile("spending", operator, "rides.csv", content)
    return import_file(world.store, key_ring(), given, world.now, by=world.bookkeeper())


def rode(world: World, card: VirtualCard, *amounts: int) -> list[Ride]:
    """Offline rides on this card, one reader."""
    reader = Reader()
    return [reader.debit(card, CARD, amount, world.now) for amount in amounts]


def test_rides_are_booked_from_purse_to_operator(world: World, card: VirtualCard) -> None:
    """Then the books say what the card says, in a chain that holds."""
    done = take(world, rode(world, card, 200, 300, 150))
    assert (done.batch.state, done.batch.counts, done.again) == ("applied", {"booked": 3}, False)
    assert world.purse_total(CARD) == balance_on(card)[0] == 4350
    assert world.balances()["merchant:bus"] == -650
    assert verify_ledger(world.store)["breaks"] == []


def test_the_same_file_and_the_same_records_do_no_harm(world: World, card: VirtualCard) -> None:
    """Counted, not booked: as a whole file, in another file, and twice within one."""
    rides = rode(world, card, 200, 300)
    first, before = take(world, rides), world.balances()
    again = take(world, rides)
    assert again.again
    assert again.batch == first.batch
    assert take(world, rides[::-1]).batch.counts == {"duplicate": 2}
    (third,) = rode(world, card, 100)
    assert world.balances() == before
    assert take(world, [third, third, rides[0]]).batch.counts == {"booked": 1, "duplicate": 2}
    assert world.purse_total(CARD) == balance_on(card)[0]


def test_a_forged_record_is_kept_and_not_booked(world: World, card: VirtualCard) -> None:
    """Any change to what the TAC covers; cards and purses that are not ours."""
    (ride,) = rode(world, card, 200)
    before = world.balances()
    forged = [
        ride.with_(amount=20000),
        ride.with_(terminal_no="330100000043"),
        ride.with_(terminal_transaction="00000099"),
        ride.with_(date_time="20261124000000"),
        ride.with_(tac="00000000"),
        ride.with_(type="09"),
        ride.with_(card_no="3100010100009999"),
        ride.with_(application="tram"),
    ]
    done = take(world, forged)
    assert done.batch.counts == {"rejected": 8}
    with world.store.read() as uow:
        reasons = [row.reason for row in uow.spending.of_batch(done.batch.batch_id, "rejected")]
    assert Counter(reasons) == {"tac_wrong": 6, "card_unknown": 1, "application_unknown": 1}
    assert world.balances() == before
    assert take(world, [ride]).batch.counts == {"booked": 1}


def test_a_counter_that_was_used_is_a_conflict(world: World, card: VirtualCard) -> None:
    """Two genuine TACs cannot have one counter: an operator's word or a doubled card is wrong. The second is not booked."""
    first, second = rode(world, card, 200, 300)
    take(world, [first])
    assert take(world, [second.with_(offline_counter=first.offline_counter)]).batch.counts == {"conflict": 1}
    paid = world.do(card, "purchase", amount=100, merchant="bus")
    with world.store.read() as uow:
        purchase = uow.purchases.get(CARD, paid["purchase_id"])
    assert purchase is not None
    assert take(world, [second.with_(offline_counter=purchase.counter)]).batch.counts == {"conflict": 1}
    assert world.balances()["merchant:bus"] == -300
    assert take(world, [second]).batch.counts == {"booked": 1}
    assert world.purse_total(CARD) == balance_on(card)[0]


def test_one_purchase_is_not_booked_under_two_counters(world: World, card: VirtualCard) -> None:
    """The TAC does not cover the counter: a file that tells a genuine ride again and again is paid once, and so is a purchase
    through this service. Reconciliation shows it and proposes nothing."""
    (ride,) = rode(world, card, 200)
    told = [ride, *(ride.with_(offline_counter=counter) for counter in (1, 7))]
    assert take(world, told).batch.counts == {"booked": 1, "conflict": 2}
    assert take(world, [ride.with_(offline_counter=65534)]).batch.counts == {"conflict": 1}
    paid = world.do(card, "purchase", amount=100, merchant="bus")["purchase_id"]
    with world.store.read() as uow:
        purchase = uow.purchases.get(CARD, paid)
    assert purchase is not None
    record = ride_of(world, paid, tac_of(CARD, purchase))
    assert take(world, [record.with_(offline_counter=9), record]).batch.counts == {"conflict": 1, "matched": 1}
    assert world.balances()["merchant:bus"] == -300
    assert world.purse_total(CARD) == balance_on(card)[0]
    with world.store.read() as uow:
        conflicts = [row for batch in uow.batches.where() for row in uow.spending.of_batch(batch.batch_id, "conflict")]
    assert {row.reason for row in conflicts} == {"told_before"}


def ride_of(world: World, purchase_id: str, tac: str) -> Ride:
    """A purchase through this service as its operator's file tells it."""
    with world.store.read() as uow:
        p = uow.purchases.get(CARD, purchase_id)
    assert p is not None
    after, moment = p.balance_before - p.amount, p.host_date_time
    number, counter = p.terminal_transaction, p.counter
    return Ride("bus", p.terminal_no, number, CARD, "purse", "ep", p.amount, counter, moment, "06", tac, after)


def test_a_purchase_through_this_service_is_matched_not_doubled(world: World, card: VirtualCard) -> None:
    """The operator's file has it too."""
    paid = world.do(card, "purchase", amount=250, merchant="bus")
    before = world.balances()
    assert take(world, [ride_of(world, paid["purchase_id"], paid["tac"])]).batch.counts == {"matched": 1}
    assert world.balances() == before


def torn(world: World, card: VirtualCard, **fault: int) -> Purchase:
    """A purchase that was broken off, and stays open."""
    card.plan = FaultPlan(**fault)  # type: ignore[arg-type]
    with pytest.raises(CardsvcError):
        world.do(card, "purchase", amount=250, merchant="bus")
    with world.store.read() as uow:
        (suspect,) = uow.purchases.open_on(CARD)
    return suspect


DEBIT = 7
"""The command that debits, of a purchase's commands."""


def test_the_operators_record_settles_a_suspect_purchase(world: World, card: VirtualCard) -> None:
    """Its TAC is what the service did not see."""
    suspect = torn(world, card, tear_after_command=DEBIT)
    tac = tac_of(CARD, suspect)
    assert balance_on(card)[0] == 4750
    assert take(world, [ride_of(world, suspect.purchase_id, "00000000")]).batch.counts == {"rejected": 1}
    assert take(world, [ride_of(world, suspect.purchase_id, tac)]).batch.counts == {"matched": 1}
    with world.store.read() as uow:
        settled = uow.purchases.get(CARD, suspect.purchase_id)
        (line,) = uow.evidence.of_subject(CARD, suspect.purchase_id)
    assert settled is not None
    assert (settled.state, settled.settled_by, settled.tac) == ("confirmed", "spending_file", tac)
    assert (line.rule, line.evidence["tac"]) == ("spending_file", tac)
    assert world.purse_total(CARD) == balance_on(card)[0]
    assert world.do(card, "inspect")["settled"] == []


def test_a_record_that_the_card_disproved_is_a_conflict(world: World, card: VirtualCard) -> None:
    """Its TAC is right, yet the card showed that it had not paid: people must look."""
    never = torn(world, card, tear_before_command=DEBIT)
    assert world.do(card, "inspect")["settled"][0]["state"] == "not_debited"
    done = take(world, [ride_of(world, never.purchase_id, tac_of(CARD, never))])
    assert done.batch.counts == {"conflict": 1}
    assert world.purse_total(CARD) == balance_on(card)[0] == 5000


GOOD = Ride("bus", "330100000042", "00000001", CARD, "purse", "ep", 200, 0, "20261124120000", "06", "12345678", "")


def test_another_purchase_under_the_same_number_disproves_a_suspect(world: World, card: VirtualCard) -> None:
    """A ride of the same fare took the counter that our purchase was to have: counter and balance alone would say it paid."""
    never = torn(world, card, tear_before_command=DEBIT)
    ride = Reader().debit(card, CARD, never.amount, world.now)
    assert ride.offline_counter == never.counter
    (settled,) = world.do(card, "inspect")["settled"]
    assert (settled["state"], settled["rule"]) == ("not_debited", "log_other")
    assert take(world, [ride]).batch.counts == {"booked": 1}
    assert world.purse_total(CARD) == balance_on(card)[0]


BAD_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"amount": -200}, "amount not_an_amount_in_fen"),
    ({"amount": 0}, "amount amount_out_of_range"),
    ({"amount": 2**31}, "amount amount_out_of_range"),
    ({"amount": 2**63}, "amount not_an_amount_in_fen"),
    ({"amount": 10**30}, "amount not_an_amount_in_fen"),
    ({"balance_after": 2**63}, "balance_after not_an_amount_in_fen"),
    ({"amount": "2.00"}, "amount not_an_amount_in_fen"),
    ({"amount": "²"}, "amount not_an_amount_in_fen"),
    ({"terminal_no": "33010000004"}, "terminal_no not_12_hex_digits"),
    ({"terminal_transaction": "0000000G"}, "terminal_transaction not_8_hex_digits"),
    ({"card_no": "310001010000000"}, "card_no not_16_digits"),
    ({"offline_counter": 65535}, "offline_counter not_a_counter"),
    ({"offline_counter": -1}, "offline_counter not_a_counter"),
    ({"date_time": "20261131120000"}, "date_time not_a_time"),
    ({"date_time": "2026112412000 "}, "date_time not_a_time"),
    ({"type": "02"}, "type not_05_06_or_09"),
    ({"type": "05"}, "type not_a_type_of_this_purse"),
    ({"tac": "x" * 300}, "tac too_long"),
    ({"operator": "park"}, "operator not_this_operator"),
    ({"balance_after": "-5"}, "balance_after not_an_amount_in_fen"),
]


def test_a_bad_line_is_named_and_nothing_is_taken(world: World, card: VirtualCard) -> None:
    """Its number, its column and why; the good lines beside it are not booked either."""
    good = rode(world, card, 200)
    before = world.balances()
    for change, told in BAD_FIELDS:
        with pytest.raises(RequestError) as refusal:
            take(world, spending_file([*good, GOOD.with_(**change)], trailer="END,2,400\r\n"))
        assert refusal.value.code == "file_lines_wrong"
        assert list(map(str, refusal.value.details["problems"])) == [f"3 {told}"]
        column = told.partition(" ")[0]
        assert f"第 3 行 {column}：" in refusal.value.message("zh")
        assert f"line 3, {column}: " in refusal.value.message("en")
        assert not re.search(r"[a-z]_[a-z]", refusal.value.message("en").replace(column, "")), "a code was shown to a person"
    assert world.balances() == before
    with world.store.read() as uow:
        assert uow.batches.recent() == []


NOT_WHOLE = [
    (b"", "file_size_wrong"),
    (b"PK\x03\x04\x00\xff\xff", "file_encoding_wrong"),
    (b"a,b,c\r\nEND,0,0\r\n", "file_header_wrong"),
    (COLUMNS.encode(), "file_cut_off"),
    (spending_file([GOOD]).encode()[:-4], "file_total_wrong"),
    (spending_file([GOOD]).encode()[:-12], "file_cut_off"),
    (spending_file([GOOD], trailer="END,2,200").encode(), "file_total_wrong"),
    (spending_file([GOOD], trailer="END,1,201").encode(), "file_total_wrong"),
    (spending_file([GOOD], trailer=f"END,1,{10**30}").encode(), "file_cut_off"),
    (spending_file([GOOD], trailer=f"END,{'9' * 5000},200").encode(), "file_cut_off"),
    ((COLUMNS + '\r\n"open quote\r\nEND,1,1').encode(), "file_lines_wrong"),
    ((COLUMNS + "\r\nbus,too,few\r\nEND,1,1").encode(), "file_lines_wrong"),
]


def test_a_file_that_is_not_whole_is_refused(world: World) -> None:
    """Torn, empty, of another kind, with a wrong total."""
    for content, code in NOT_WHOLE:
        with pytest.raises(RequestError) as refusal:
            take(world, content)
        assert refusal.value.code == code, content
    with world.store.read() as uow:
        assert uow.batches.recent() == []


def test_encodings_that_operators_send(world: World, card: VirtualCard) -> None:
    """Chinese in a field that must be digits: named in the same words, so the text was read right."""
    for encoding in ("utf-8", "utf-8-sig", "gbk"):
        assert take(world, spending_file(rode(world, card, 200)).encode(encoding)).batch.counts == {"booked": 1}
        world.now += dt.timedelta(seconds=1)  # a ride of its own
        wrong = spending_file([GOOD.with_(card_no="三千一百")]).encode(encoding)
        with pytest.raises(RequestError, match="line 2, card_no: must be 16 digits"):
            take(world, wrong)


def test_parties_that_do_not_exist_are_refused(world: World) -> None:
    """An operator's code has a form, a channel and a terminal are known."""
    for kind, party in (("spending", "Bus!"), ("channel", "cash"), ("terminal", "nobody"), ("other", "bus")):
        with pytest.raises(RequestError, match="batch_party_unknown"):
            import_file(world.store, key_ring(), GivenFile(kind, party, "x", b"x"), world.now, by=world.bookkeeper())


def test_an_import_that_breaks_off_goes_on(world: World, card: VirtualCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """After any part: what was taken stays, the same file takes the rest, and each record counts once."""
    monkeypatch.setattr(importing, "PART", 2)
    rides = rode(world, card, 100, 110, 120, 130, 140)
    content = spending_file(rides).encode()

    def stop(done: int, _total: int) -> None:
        raise KeyboardInterrupt(done)

    for taken in (2, 4):
        with pytest.raises(KeyboardInterrupt):
            given = GivenFile("spending", "bus", "x", content)
            import_file(world.store, key_ring(), given, world.now, stop, by=world.bookkeeper())
        with world.store.read() as uow:
            (batch,) = uow.batches.recent()
        assert (batch.applied, batch.state) == (taken, "loading")
    done = take(world, rides)
    assert (done.again, done.batch.counts, done.batch.state) == (False, {"booked": 5}, "applied")
    assert world.purse_total(CARD) == balance_on(card)[0]


def test_the_same_file_imported_at_once_is_taken_once(world: World, card: VirtualCard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four imports share its parts."""
    monkeypatch.setattr(importing, "PART", 1)
    rides = rode(world, card, 100, 110, 120, 130)
    world.bookkeeper()  # hired before, or four threads hire the same
    done: list[Imported] = []
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        done.append(take(world, rides))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {imported.batch.batch_id for imported in done} == {done[0].batch.batch_id}
    assert [imported.batch.counts for imported in done] == [{"booked": 4}] * 4
    assert world.purse_total(CARD) == balance_on(card)[0]


def test_gaps_are_noted_and_closed_by_the_late_file(world: World, card: VirtualCard) -> None:
    """In any order of arrival."""
    rides = rode(world, card, *[100] * 6)

    def missing() -> list[tuple[int, int]]:
        with world.store.read() as uow:
            return list(counters_of(uow.counters.get(CARD, "purse", "ep")).missing())

    take(world, [rides[5], rides[2]])
    assert missing() == [(0, 1), (3, 4)]
    take(world, [rides[1], rides[3]])
    assert missing() == [(0, 0), (4, 4)]
    take(world, [rides[4], rides[0]])
    assert missing() == []


def test_the_database_itself_takes_a_counter_once(world: World, card: VirtualCard) -> None:
    """Whatever program writes to it; and what a file said stays as it is."""
    take(world, rode(world, card, 100))
    with world.store.read() as uow:
        (batch,) = uow.batches.recent()
        (row,) = uow.spending.of_batch(batch.batch_id, "booked")
    with pytest.raises(StoreError), world.store.begin() as uow:
        uow.spending.add(dataclasses.replace(row, line=99))
    with pytest.raises(StoreError, match="append-only"), world.store.begin() as uow:
        uow.spending.change(row, amount=1)
    with pytest.raises(StoreError, match="state not allowed"), world.store.begin() as uow:
        uow.batches.change(batch, state="loading")
