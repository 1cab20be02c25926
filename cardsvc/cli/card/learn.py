"""``cardsvc card learn``: a draft profile of a card of no known family."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardsvc.cli.shared.database import write_file
from cardsvc.cli.shared.local import card_channel, file_option, reader_option, trace_option, wait_option
from cardsvc.cli.shared.output import say, t
from cardsvc.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cardsvc.card.profile import Profile
    from cardsvc.iso7816.atr import Atr
    from cardsvc.iso7816.channel import Channel
    from cardsvc.procedures.learn import Learned
    from cardsvc.procedures.purse_seen import PurseSeen
    from cardsvc.procedures.strangers import Kind


@click.command(
    help=t(
        "认识一张未知的卡：只读不写、不验密码，写出固件配置草稿",
        "Look at an unknown card, reading only, and write a draft profile",
    )
)
@click.argument("profile_id")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help=t("草稿文件", "File of the draft"))
@reader_option
@wait_option
@file_option
@trace_option
def learn(profile_id: str, save: Path | None, reader: str | None, wait: float, card_file: str | None, *, trace: bool) -> None:
    """Learn a card."""
    from cardsvc.iso7816.atr import Atr
    from cardsvc.iso7816.exchange import run_procedure
    from cardsvc.iso7816.links import ResponseLink
    from cardsvc.procedures.learn import learn as look
    from cardsvc.procedures.purse_seen import purse_seen
    from cardsvc.procedures.strangers import WORDS, names_of

    if not profile_id.isascii() or not profile_id.replace("-", "").isalnum() or profile_id != profile_id.lower():
        raise click.BadParameter(t("用小写字母、数字、横线", "lower case, digits, hyphens"), param_hint="PROFILE_ID")
    with card_channel(reader, wait, card_file, trace=trace) as channel:
        link = ResponseLink(channel)
        family, kind = known_family(channel.atr), who(link)
        if family is not None:
            say(
                f"这种卡已有固件配置：{family.id}（{family.name_zh}）；多半不必另写",
                f"There is a profile for this card: {family.id} ({family.name_en}); it hardly needs another",
            )
            kind = None if kind == "city" else kind
        if kind is not None:
            say(f"看来是{WORDS[kind].zh}", f"It looks like: {WORDS[kind].en}")
        atr = Atr.parse(channel.atr)
        learned, names = run_procedure(link, look()), run_procedure(link, names_of(kind))
    told = purse_told(None if kind == "agreeing" else purse_seen(learned))
    say(told.zh, told.en)
    text = draft(profile_id, atr, learned, kind, names)
    if save is None:
        click.echo(text, nl=False)
        return
    write_file(save, text.encode())
    say(f"草稿写到 {save}；核对后运行 cardsvc profiles test {save}", f"Draft in {save}; check it: cardsvc profiles test {save}")


def known_family(atr: bytes) -> "Profile | None":
    """The profile that takes this card already, None where none does, or several do."""
    from cardsvc.card.profiles import load_profiles, recognise
    from cardsvc.config import Settings
    from cardsvc.errors import ProfileError

    try:
        return recognise(load_profiles(Settings().profiles), atr)
    except ProfileError:
        return None


def who(link: "Channel") -> "Kind | None":
    """What kind of card of others it is, by its ATR or by its names."""
    from cardsvc.iso7816.exchange import run_procedure
    from cardsvc.procedures.strangers import by_atr, who_is_it

    return by_atr(link.atr) or run_procedure(link, who_is_it())


def draft(profile_id: str, atr: "Atr", learned: "Learned", kind: "Kind | None" = None, names: "Sequence[bytes]" = ()) -> str:
    """A profile that reads what was seen; everything that was not seen says so in its source. ``kind``: what it looks like, by
    these names of applications, which are selected and not looked into: their content is not ours to read."""
    from cardsvc.procedures.purse_seen import purse_seen
    from cardsvc.procedures.strangers import WORDS

    found = [application for application in learned.applications if application.name]
    purse = None if kind == "agreeing" else purse_seen(learned)
    chosen = purse.application if purse else max(found, key=lambda one: len(one.files), default=None)
    told = purse_told(purse).en
    binaries = [f for f in chosen.files if f.kind == "binary"] if chosen else []
    fields = "".join(
        f'  {{ name = "file_{f.sfi:02x}", file_id = "00{f.sfi:02X}", length = {min(f.length, 64)}, coding = "digits" }},\n'
        for f in binaries
    )
    log = next((f for f in chosen.files if f.kind == "records" and f.length == 23), None) if chosen else None
    protocols = {0: "T=0", 1: "T=1"}
    contactless = atr.raw[:1] == b"\x3b" and atr.raw[2:4] == b"\x80\x01"
    spoken = ["T=CL"] if contactless else [protocols[p] for p in atr.protocols if p in protocols] or ["T=0"]
    known = {application.name for application in learned.applications}
    others = [name for name in names if name not in known]
    seen = [*_seen_lines(learned), *(f"{name.hex().upper()}: it has this name" for name in others)]
    return DRAFT.format(
        id=profile_id,
        name_zh=f"{WORDS[kind].zh}（草稿 {profile_id}）" if kind else f"草稿 {profile_id}",
        name_en=f"{WORDS[kind].en} (draft {profile_id})" if kind else f"draft {profile_id}",
        named="what it looks like, by its ATR or its names" if kind else "to be named",
        kind=f"# It looks like: {WORDS[kind].zh}, {WORDS[kind].en}.\n" if kind else "",
        purse=told,
        seen="".join(f"# {line}\n" for line in seen),
        atr=atr.raw.hex().upper(),
        protocols=", ".join(f'"{name}"' for name in spoken),
        aid=(chosen.name if chosen else next(iter(others), bytes(5))).hex().upper(),
        balances="[0]" if chosen and 2 in chosen.balances else "[]",
        log=f'log = "00{log.sfi:02X}"\n' if log else "",
        fields=fields,
    )


def purse_told(purse: "PurseSeen | None") -> Text:
    """Which application is the city purse, how sure that is, and by what."""
    from cardsvc.diagnosis.words import CONFIDENCES
    from cardsvc.procedures.purse_seen import SIGNS

    if purse is None:
        return Text(
            "没有看到城市钱包；草稿里是文件最多的应用", "No city purse was seen; the draft has the application with most files"
        )
    name, sure = purse.application.name.hex().upper(), CONFIDENCES[purse.sure]
    zh, en = "、".join(SIGNS[sign].zh for sign in purse.signs), ", ".join(SIGNS[sign].en for sign in purse.signs)
    return Text(f"城市钱包（{sure.zh}）：{name}；依据：{zh}", f"City purse, {sure.en}: {name}, by {en}")


def _seen_lines(learned: "Learned") -> list[str]:
    lines = []
    for application in learned.applications:
        name = application.name.hex().upper() or "MF"
        lines.append(f"{name}: SELECT {application.sw:04X}, balances by P2 {application.balances}")
        lines += [f"  SFI {f.sfi:02X}: {f.kind}, {f.length} bytes, {f.records} records" for f in application.files]
    return lines + [f"{name}: {', '.join(sorted(words))}" for name, words in learned.status_words.items()]


DRAFT = """\
# A draft that cardsvc card learn wrote by reading only. Check every value and name its source; fields: README.md.
{kind}# {purse}.
# Seen on the card:
{seen}
id = "{id}"
name_zh = "{name_zh}"
name_en = "{name_en}"
vendor = "unknown"
eeprom_bytes = 8192
layout = "citizen-card"
issuable = false
draft = true
atr = [{{ pattern = "{atr}", chip_serial_offset = 0, chip_serial_length = 0, what = "the card that was looked at" }}]

[transport]
protocols = [{protocols}]
max_command_data = 110
max_response_data = 110

[dialect]
name = "fmcos"
challenge_length = 4
append_record_p2_low = 4
file_exists = []
key_exists = []
max_directory_depth = 2

[blank]
no_mf = ["6A82"]
factory_mf = false
transport_key_id = 0

[purse]
log_number = "after"
proof_number = "after"
pin_for_load = false
unload = false
purchase_mac1_card_id = false
max_balance = 100000

[status]
blocked_select = ["6283", "6A81"]
blocked_use = ["6985", "6A81"]
mac_wrong = ["9302", "6988"]
unwritten_binary = []

[foreign]
aid = "{aid}"
balances = {balances}
{log}field = [
{fields}]

[source]
id = "chosen by who looked"
name_zh = "{named}"
name_en = "{named}"
vendor = "not known yet"
eeprom_bytes = "not seen: a guess"
issuable = "read only until more is known"
atr = "seen on the card"
"transport.protocols" = "seen: the ATR"
"transport.max_command_data" = "not seen: the smallest of the known families"
"transport.max_response_data" = "not seen: the smallest of the known families"
dialect = "not seen: a guess"
blank = "not seen: a guess"
purse = "not seen: JR/T 0025.2-2010"
status = "not seen: JR/T 0025.2-2010"
foreign = "seen on the card: names and files. {purse}"
"""
