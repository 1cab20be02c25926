"""Bodies of requests and answers about shifts and reports, as the API document shows them."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cardsvc.text import Language
from cardsvc.units import FIRST_DAY, LAST_DAY

Outlet = Annotated[str | None, Field(default=None, max_length=32, examples=["hall"])]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TellerSignIn(_In):
    """The teller at the desk, with the password that they typed. Send it over TLS only, and keep it nowhere."""

    staff_id: str = Field(max_length=32, examples=["li"])
    password: str = Field(max_length=128, examples=["only for tests"])


Pieces = Annotated[dict[str, int], Field(description="pieces by denomination in fen", examples=[{"10000": 3, "100": 20}])]


class OpenShift(_In):
    """A shift with its counted float."""

    teller: TellerSignIn
    pieces: Pieces


class CloseShift(_In):
    """No more cash."""

    teller: TellerSignIn


class CountShift(_In):
    """What was counted at the close."""

    teller: TellerSignIn
    pieces: Pieces


class ShiftView(BaseModel):
    """A shift; amounts in fen. ``counted_by``, ``expected`` and ``difference`` only after the drawer was counted."""

    shift_id: str
    outlet_id: str
    staff_id: str
    workstation: str = Field(examples=["terminal:desk-1"])
    state: Literal["open", "closing", "difference_pending", "closed"]
    opening_float: int
    opened_at: str
    counted: int | None
    counted_by: str | None
    expected: int | None
    difference: int | None
    closed_at: str | None


class ListedShift(ShiftView):
    """A shift in a list; ``change``: what went back to who paid in cash and had it typed, in fen."""

    change: int


class Shifts(BaseModel):
    """Shifts, newest first."""

    shifts: list[ListedShift]


class DayQuery(BaseModel):
    """A day in the city, and one outlet of it."""

    day: dt.date = Field(ge=FIRST_DAY, le=LAST_DAY, examples=["2026-11-24"])
    outlet: Outlet


class SheetQuery(DayQuery):
    """Which sheet."""

    by: Literal["teller", "terminal", "outlet", "product"] = "teller"


class PrintQuery(SheetQuery):
    """Which sheet, in which form and language."""

    form: Literal["csv", "pdf"] = "csv"
    lang: Language = "zh"


class SheetRow(BaseModel):
    """Transfers of one kind of one group: how many, and how much in fen."""

    group: str
    kind: str = Field(examples=["load_authorised"])
    method: str = Field(examples=["cash"])
    number: int
    amount: int


class Drawer(ShiftView):
    """A drawer and how it came out: cash taken and paid out, brought from the vault, and what is left by the books; where it
    was typed, what was handed over and the change."""

    cash_in: int
    cash_out: int
    brought: int
    left: int
    given: int
    change: int


class SheetSeal(BaseModel):
    """The seal of an ended day."""

    number: int
    root: str


class DaySheet(BaseModel):
    """The day sheet."""

    day: str
    outlet: str | None
    by: str
    rows: list[SheetRow]
    totals: list[SheetRow]
    drawers: list[Drawer]
    seal: SheetSeal | None
