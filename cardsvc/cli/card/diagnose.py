"""``cardsvc card diagnose``: what is wrong with a card, in the desk's words."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from cardsvc.cli.shared.local import HERE, file_option, reader_option, services, wait_option
from cardsvc.cli.shared.output import json_option, show, t, table
from cardsvc.errors import ReaderError
from cardsvc.iso7816.channel import Channel
from cardsvc.text import Language, language_of_environment
from cardsvc.units import format_yuan

SEVERITY = {
    "unusable": ("不能用", "unusable"),
    "serious": ("严重", "serious"),
    "limited": ("部分受限", "limited"),
    "notice": ("提示", "notice"),
}
PAYER = {"nobody": ("免费", "free"), "card_company": ("公司承担", "the card company"), "holder": ("持卡人", "the holder")}


@click.command(help=t("检测：只读，不改卡；给出故障名称、原因、对市民怎么说、下一步", "Find out what is wrong; reads only"))
@click.option("--quick", is_flag=True, help=t("快速查看（最多 12 条指令）", "A quick look, at most 12 commands"))
@click.option("--person", default=None, help=t("办理人证件号，用于核对是否本人", "ID number of the person at the desk"))
@click.option("--card-no", default=None, help=t("卡面印的卡号（读不出时用）", "Number on the card's face, for a mute card"))
@click.option(
    "--other-side-silent",
    is_flag=True,
    help=t("另一面（感应／插卡）试过，读不出", "The other side (antenna or contacts) was tried in vain"),
)
@click.option(
    "--memory",
    is_flag=True,
    help=t(
        "试写存储器：写一条空闲记录、读回、清零（会写卡）",
        "Try the memory: write a scratch record, read it back, clear it (writes)",
    ),
)
@reader_option
@wait_option
@file_option
@json_option
def diagnose(
    reader: str | None,
    wait: float,
    card_file: str | None,
    person: str | None,
    card_no: str | None,
    *,
    quick: bool,
    other_side_silent: bool,
    memory: bool,
    as_json: bool,
) -> int:
    """Diagnose the card; exit code 1 when it is not healthy."""
    from cardsvc.cli.card.examine import examine

    with services() as opened, connector(reader, wait, card_file, there=card_no is not None) as connect:
        about = {"person": person, "other_side_silent": other_side_silent, "memory": memory}
        result = examine(opened.engine, HERE, connect, quick=quick, card_no=card_no, **about)
    show(result, as_json=as_json, lines=lambda: report_lines(result))
    return 0 if result["healthy"] else 1


@contextmanager
def connector(
    reader: str | None, wait: float, card_file: str | None, *, there: bool = False
) -> Iterator[Callable[[], Channel]]:
    """What powers the card up, as often as it is called. ``there``: the person at the desk sees a card where the reader sees
    none; that is what is measured then."""
    if card_file is not None:
        from pathlib import Path

        from cardsvc.vcard.kept import load_card

        card = load_card(Path(card_file))
        yield card.channel
        return
    from cardsvc.readers.directory import open_card, wait_for_card

    click.echo(t("请放卡……", "Put the card on the reader ..."), err=True)
    try:
        found = wait_for_card(reader, wait)
    except ReaderError as error:
        if not there or error.code != "no_card_in_time":
            raise
        yield _unseen(reader, error)
        return
    yield lambda: open_card(found)


def _unseen(pattern: str | None, error: ReaderError) -> Callable[[], Channel]:
    """A card that this reader does not notice, each time; with the reader's whole name, as it is known elsewhere."""
    from cardsvc.readers.directory import find_reader, list_readers

    named = find_reader(pattern).name if pattern or len(list_readers()) == 1 else ""

    def connect() -> Channel:
        raise ReaderError(error.code, reader=named)

    return connect


def report_lines(result: Mapping[str, Any]) -> list[str]:
    """A report as a person reads it."""
    from cardsvc.service.cards.application_names import subject_name

    language = language_of_environment()
    head = [(t("卡号", "Card"), result["card_no"] or t("未知", "unknown"))]
    evidence = result["evidence"]
    if "profile.id" in evidence:
        head.append((t("卡型", "Profile"), evidence["profile.id"]))
    if "purse.balance" in evidence:
        head.append((t("余额", "Balance"), _yuan(evidence["purse.balance"])))
    head += [(subject_name(name).into(language), _yuan(fen)) for name, fen in _areas(evidence) if fen]
    lines = table(head)
    for finding in result["findings"]:
        lines += _finding_lines(finding, language)
    if result["healthy"] and not result["findings"]:
        lines.append(t("卡片正常", "The card is healthy"))
    checked = t("、", ", ").join(group[language] for group in result["checked"])
    lines.append(t(f"已检查：{checked}", f"Checked: {checked}"))
    left = t("；", "; ").join(f"{one[language]} ({_subjects(one['subjects'], language)})" for one in result["unchecked"])
    return [*lines, *([t(f"未检查：{left}", f"Not checked: {left}")] if left else [])]


def _yuan(fen: int) -> str:
    return f"{format_yuan(fen)} {t('元', 'yuan')}"


def _areas(evidence: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Applications with purses of their own, and what is in them."""
    keys = [key.split(".") for key in evidence]
    return [(key[1], evidence[".".join(key)]) for key in keys if key[0] == "application" and key[2:] == ["balance"]]


def _subjects(subjects: Iterable[str], language: Language) -> str:
    """Applications and files by name, with the name that programs use."""
    from cardsvc.service.cards.application_names import subject_name

    return t("、", ", ").join(f"{subject_name(subject).into(language)} {subject}" for subject in subjects)


def _family_lines(family: Mapping[str, Any] | None, language: Language) -> list[str]:
    if family is None:
        return []
    reads = t("、", ", ").join(family["reads"]) or t("没有", "nothing")
    draft = t("，草稿，未核对", ", a draft that nobody checked") if family["draft"] else ""
    return [
        f"  {t('配置', 'Profile')}: {family['name'][language]} ({family['id']}{draft})",
        f"  {t('card inspect 能读', 'card inspect reads')}: {reads}",
    ]


def _seen_lines(seen: Sequence[Mapping[str, str]], language: Language) -> list[str]:
    told = t("，", ", ").join(one[language] for one in seen)
    return [f"  {t('看到', 'Seen')}: {told}"] if told else []


def _finding_lines(finding: Mapping[str, Any], language: Language) -> list[str]:
    subject = f" ({_subjects([finding['subject']], language)})" if finding["subject"] else ""
    fee = finding["fee"]
    amount = f" {_yuan(fee['amount'])}" if fee["amount"] else ""
    grave = f"{t(*SEVERITY[finding['severity']])}{t('，', ', ')}{finding['sure'][language]}"
    return [
        f"== {finding['word'][language]}{subject}  [{grave}]",
        *_seen_lines(finding["seen"], language),
        *(f"  {t('现象', 'Symptom')}: {f['symptom'][language]} ({f['versions']})" for f in finding.get("firmware", ())),
        *_family_lines(finding.get("family"), language),
        f"  {t('原因', 'Cause')}: {finding['cause'][language]}",
        f"  {t('告知市民', 'Tell the citizen')}: {finding['tell'][language]}",
        f"  {t('费用', 'Who pays')}: {t(*PAYER[fee['payer']])}{amount} ({', '.join(fee['rules'])})",
        f"  {t('下一步', 'Next')}: {finding['next'][language]}",
    ]
