"""Writing to the chip's memory and reading back, in one scratch record: the third of the purse's EF17, which nothing else uses.

Asked for by a person at the desk, never part of a look. The record is zeros before and after; a card that is pulled in between
has the pattern there, and the next test takes it away.
"""

from collections.abc import Callable
from typing import Literal

from cardsvc.card.commands import (
    protected_write_record,
    read_record,
    record_header,
    select_by_name,
)
from cardsvc.card.layout import FileLayout
from cardsvc.card.profile import Profile
from cardsvc.iso7816.exchange import Ask, Procedure, send
from cardsvc.procedures.script import Script

ANY = ("xxxx",)
SCRATCH_RECORD = 3
PATTERN = 0xA5
MEMORY_FAILURE = (0x64, 0x65)
"""First bytes of status words by which a card says that its memory could not be written (6581, 6400)."""
LineMac = Callable[[bytes, bytes], bytes]
MemoryTest = Literal["sound", "failed", "refused", "not_tested"]
"""failed: the memory does not take what it is given, or gives back something else; refused: the card does not let us write."""


def try_memory(profile: Profile, line_mac: LineMac) -> Procedure[MemoryTest]:
    """Write a pattern and zeros, and read each back. Records that the file lacks are appended, once in a card's life."""
    purse = profile.layout.find("purse")
    file = purse.find("records")
    selected = yield from send(select_by_name(purse.aid_bytes, ANY))
    if not selected.ok:
        return "not_tested"
    there = yield tuple(_read(file, number) for number in range(1, SCRATCH_RECORD + 1))
    zeros = bytes(file.record_length)
    for number in range(1 + sum(answer.ok for answer in there), SCRATCH_RECORD + 1):
        told = yield from _write(profile, file, number, zeros, line_mac, new=True)
        if told != "sound":
            return told
    for content in (bytes((PATTERN,)) * file.record_length, zeros):
        told = yield from _write(profile, file, SCRATCH_RECORD, content, line_mac)
        if told != "sound":
            return told
    return "sound"


def _read(file: FileLayout, number: int) -> Ask:
    return read_record(number, file.sfi, file.record_length, ANY)


def _write(
    profile: Profile, file: FileLayout, number: int, content: bytes, line_mac: LineMac, *, new: bool = False
) -> Procedure[MemoryTest]:
    """One protected write, sent once: a wrong MAC costs a try of the maintenance key."""
    challenge = yield from Script(profile.dialect.challenge_length).challenge()
    header = record_header(number, file.sfi, len(content), profile.dialect.append_record_p2_low if new else None)
    answer = yield from send(protected_write_record(header, content + line_mac(challenge, header + content)))
    if not answer.ok:
        return "failed" if answer.sw >> 8 in MEMORY_FAILURE else "refused"
    back = yield from send(_read(file, number))
    return "sound" if back.data == content else "failed"
