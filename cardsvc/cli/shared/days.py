"""Days, months and moments: as arguments of commands, never before or after all that can be booked, and as they are shown."""

import datetime as dt
from typing import Any

import click

from cardsvc.cli.shared.output import t
from cardsvc.units import FIRST_DAY, LAST_DAY, LOCAL


class _Within(click.DateTime):
    """A moment in the city's time; the calendar of the computer goes on further, and ends in the middle of a sum."""

    def __init__(self, shape: str, *formats: str) -> None:
        super().__init__(formats)
        self._shape = shape

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's signature
        """How it is written, in the help."""
        return self._shape

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """See click.ParamType."""
        try:
            moment: dt.datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(t(f"{value} 不是 {self._shape} 的写法", f"{value} is not written {self._shape}"), param, ctx)
        if not FIRST_DAY <= moment.date() <= LAST_DAY:
            limits = f"{FIRST_DAY} - {LAST_DAY}"
            self.fail(t(f"日期要在 {limits} 之内", f"a day within {limits} is needed"), param, ctx)
        return moment


DAY = _Within("YYYY-MM-DD", "%Y-%m-%d")
MONTH = _Within("YYYY-MM", "%Y-%m")
MOMENT = _Within("YYYY-MM-DD[Thh:mm[:ss]]", "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


def local_time(moment: str | None) -> str:
    """A stored time as the clock on the wall shows it; "-" where there is none."""
    return "-" if moment is None else f"{dt.datetime.fromisoformat(moment).astimezone(LOCAL):%Y-%m-%d %H:%M:%S}"
