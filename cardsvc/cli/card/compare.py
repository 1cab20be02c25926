"""``cardsvc card compare``: a card beside its record, or two cards beside each other; reads only."""

from collections.abc import Sequence
from contextlib import ExitStack

import click

from cardsvc.cli.card.diagnose import connector
from cardsvc.cli.shared.local import HERE, file_option, reader_option, services, wait_option
from cardsvc.cli.shared.output import json_option, show, t, table
from cardsvc.diagnosis.compare import Difference, card_and_record, two_cards
from cardsvc.diagnosis.words import name_of, value_of
from cardsvc.errors import CardError
from cardsvc.text import language_of_environment


@click.command(help=t("比较：卡与登记，或两张卡；只读", "Compare a card with its record, or two cards; reads only"))
@reader_option
@wait_option
@file_option
@click.option("--with-reader", default=None, metavar=t("名称", "NAME"), help=t("另一张卡的读卡器", "Reader of the other card"))
@click.option(
    "--with-vcard",
    type=click.Path(dir_okay=False, exists=True),
    default=None,
    help=t("另一张卡是虚拟卡文件", "The other card is a virtual card's file"),
)
@json_option
def compare(
    reader: str | None,
    wait: float,
    card_file: str | None,
    with_reader: str | None,
    with_vcard: str | None,
    *,
    as_json: bool,
) -> int:
    """Compare; exit code 1 when something differs."""
    from cardsvc.cli.card.examine import examine

    other = with_reader is not None or with_vcard is not None
    with services() as opened, ExitStack() as stack:
        first = examine(opened.engine, HERE, stack.enter_context(connector(reader, wait, card_file)))
        sides = [first["card_no"] or "-", t("登记", "record")]
        found = card_and_record(first["evidence"])
        if not other and not first["evidence"].get("books.known"):
            raise CardError("card_has_no_record")
        if other:
            second = examine(opened.engine, HERE, stack.enter_context(connector(with_reader, wait, with_vcard)))
            sides[1] = second["card_no"] or "-"
            found = two_cards(first["evidence"], second["evidence"])
    result = {"sides": sides, "differences": [difference._asdict() for difference in found]}
    show(result, as_json=as_json, lines=lambda: _lines(sides, found))
    return 1 if found else 0


def _lines(sides: Sequence[str], found: Sequence[Difference]) -> list[str]:
    if not found:
        return [t("没有不同", "No difference")]
    language = language_of_environment()
    rows = [
        (
            name_of(one.name).into(language),
            one.name,
            *(value_of(one.name, side).into(language) for side in (one.first, one.second)),
        )
        for one in found
    ]
    return table([("", "", *sides), *rows])
