"""A bus whose reader is offline: it debits cards as its security module would, and has a file for the evening."""

import csv
import datetime as dt
import io

from cardsvc.card.huada import authentication_id
from cardsvc.card.profiles import recognise
from cardsvc.cli.simulate.town import Holder
from cardsvc.errors import CardsvcError
from cardsvc.iso7816.exchange import Interrupted, run_procedure
from cardsvc.iso7816.links import ResponseLink
from cardsvc.procedures.purse import PurseRef, debit_for_purchase, initialize_for_purchase
from cardsvc.service.operations.engine import Engine
from cardsvc.units import LOCAL, CardNo

COLUMNS = (
    "operator",
    "terminal_no",
    "terminal_transaction",
    "card_no",
    "application",
    "purse",
    "amount",
    "offline_counter",
    "date_time",
    "type",
    "tac",
    "balance_after",
)
OPERATOR, TERMINAL = "bus", "330100000042"
PURSE = PurseRef("purse", "ep")


class Bus:
    """One reader. ``refused``: cards that could not pay."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.lines: list[tuple[str, ...]] = []
        self.fares = self.refused = 0

    def ride(self, holder: Holder, fare: int, now: dt.datetime) -> None:
        """Debit a card, fen; nobody is asked."""
        channel = holder.card.channel()
        try:
            self._debit(holder, ResponseLink(channel), fare, now.astimezone(LOCAL).replace(microsecond=0))
        except (Interrupted, CardsvcError):
            self.refused += 1
        finally:
            channel.close()

    def _debit(self, holder: Holder, link: ResponseLink, fare: int, moment: dt.datetime) -> None:
        profile, keystore = recognise(self._engine.profiles, link.atr), self._engine.keystore
        terminal, number = bytes.fromhex(TERMINAL), (len(self.lines) + 1).to_bytes(4, "big")
        init = run_procedure(link, initialize_for_purchase(profile, PURSE, fare, terminal))
        names = holder.card_no, "purse.purchase", init.card_random, init.offline_counter
        session = keystore.session(*names, keystore.versions(), number[2:])
        card_id = authentication_id(CardNo(holder.card_no)) if profile.purse.purchase_mac1_card_id else b""
        paid = run_procedure(link, debit_for_purchase(profile, PURSE, init, fare, terminal, number, moment, session, card_id))
        if paid.tac is None:
            self.refused += 1
            return
        self.fares += fare
        counter, after = str(init.offline_counter), str(init.balance - fare)
        when, tac = f"{moment:%Y%m%d%H%M%S}", paid.tac.hex()
        head = OPERATOR, TERMINAL, number.hex(), holder.card_no, "purse", "ep"
        self.lines.append((*head, str(fare), counter, when, "06", tac, after))

    def file(self) -> bytes:
        """The operator's file of the day."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerows([COLUMNS, *self.lines, ("END", len(self.lines), self.fares)])
        return stream.getvalue().encode()
