"""How the commands at a counter are told what was paid."""

from typing import Any

import click

from cardsvc.cli.shared.output import t
from cardsvc.units import parse_yuan

given_option = click.option(
    "--given", metavar=t("元", "YUAN"), help=t("收到的现金，算找零；不给就不算", "Cash that was handed over: tells the change")
)


def payment_of(method: str, reference: str | None, given: str | None) -> dict[str, Any]:
    """How it was paid, as an operation is told."""
    return {"method": method, "reference": reference, **({"given": int(parse_yuan(given))} if given else {})}
