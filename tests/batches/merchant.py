"""A bus reader that works offline: it debits virtual cards with the purchase key, and writes the operator's file."""

import csv
import datetime as dt
import io
import struct
from dataclasses import dataclass, field, replace

from cardsvc.crypto import epurse
from cardsvc.store.records import Purchase
from cardsvc.units import LOCAL, bcd
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.world import AIDS, key_ring

COLUMNS = (
    "operator,terminal_no,terminal_transaction,card_no,application,purse,"
    "amount,offline_counter,date_time,type,tac,balance_after"
)


@dataclass(frozen=True)
class Ride:
    """One line of the operator's file."""

    operator: str
    terminal_no: str
    terminal_transaction: str
    card_no: str
    application: str
    purse: str
    amount: int
    offline_counter: int
    date_time: str
    type: str
    tac: str
    balance_after: int | str

    def with_(self, **changes: object) -> "Ride":
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass
class Reader:
    """The reader of one bus. It has a purchase key, as its PSAM would, and no connection."""

    terminal_no: str = "330100000042"
    operator: str = "bus"
    number: int = 0
    rides: list[Ride] = field(default_factory=list)

    def debit(self, card: VirtualCard, card_no: str, amount: int, now: dt.datetime) -> Ride:
        """INITIALIZE FOR PURCHASE and DEBIT, straight to the card (JR/T 0025.2-2010 5.5.3)."""
        self.number += 1
        aid, number = bytes.fromhex(AIDS["purse"]), struct.pack(">I", self.number)
        moment = f"{now.astimezone(LOCAL):%Y%m%d%H%M%S}"
        card.plan = FaultPlan()
        card.power_on()
        card.transmit(b"\x00\xa4\x04\x00" + bytes((len(aid),)) + aid + b"\x00")
        terminal = bytes.fromhex(self.terminal_no)
        init = card.transmit(bytes.fromhex("805001020B01") + struct.pack(">I", amount) + terminal + b"\x0f")
        assert init[-2:] == b"\x90\x00", init.hex()
        balance, counter = struct.unpack(">IH", init[:6])
        (master,) = (entry.value for entry in key_ring().entries if entry.name == "purse.purchase")
        key = epurse.diversify(master, bcd(card_no))
        session = epurse.session_key(key, init[11:15], counter, number[2:])
        mac1 = epurse.transaction_mac(session, struct.pack(">IB", amount, 6) + terminal + bcd(moment))
        answer = card.transmit(bytes.fromhex("805401000F") + number + bcd(moment) + mac1 + b"\x08")
        assert answer[-2:] == b"\x90\x00", answer.hex()
        card.power_off()
        ride = Ride(
            self.operator,
            self.terminal_no,
            number.hex().upper(),
            card_no,
            "purse",
            "ep",
            amount,
            counter,
            moment,
            "06",
            answer[:4].hex().upper(),
            balance - amount,
        )
        self.rides.append(ride)
        return ride


def tac_of(card_no: str, purchase: Purchase) -> str:
    """The TAC that the card made for this purchase, whether anybody saw it or not (JR/T 0025.2-2010 5.5.3)."""
    (master,) = (entry.value for entry in key_ring().entries if entry.name == "purse.tac")
    head = struct.pack(">IB", purchase.amount, 6) + bytes.fromhex(purchase.terminal_no + purchase.terminal_transaction)
    return epurse.tac(epurse.diversify(master, bcd(card_no)), head + bcd(purchase.host_date_time)).hex()


def spending_file(rides: list[Ride], trailer: str | None = None) -> str:
    """The operator's file of these rides."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    stream.write(COLUMNS + "\r\n")
    for ride in rides:
        writer.writerow(vars(ride).values())
    stream.write(trailer if trailer is not None else f"END,{len(rides)},{sum(ride.amount for ride in rides)}\r\n")
    return stream.getvalue()
