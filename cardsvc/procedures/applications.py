"""Opening, closing, blocking and unblocking the applications of a citizen card."""

from collections.abc import Callable

from cardsvc.card.commands import (
    BLOCK_HEADER,
    UNBLOCK_HEADER,
    application_block,
    application_unblock,
    protected_update_binary,
    read_binary,
    read_record,
    select_by_name,
    update_binary_header,
)
from cardsvc.card.profile import Profile
from cardsvc.card.records import ApplicationRecord
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure, send
from cardsvc.iso7816.status import SW
from cardsvc.procedures.script import Script, refused

ANY = ("xxxx",)

LineMac = Callable[[bytes, bytes], bytes]
"""MAC under the application's maintenance key: (challenge, command header with final Lc and data) to 4 bytes."""


def write_application(profile: Profile, application: str, record: bytes, line_mac: LineMac) -> Procedure[ApplicationRecord]:
    """Write an application's record under its maintenance key and read it back: what opening, renewing and closing are.

    One protected write changes all of it or nothing. A card that has the record already, because a former run was broken
    off after the write, is left as it is. Returns what stands on the card.
    """
    layout = profile.layout.find(application)
    sfi = layout.find("application").sfi
    script = Script(profile.dialect.challenge_length)
    select, read = select_by_name(layout.aid_bytes), read_binary(sfi, ApplicationRecord.LENGTH)
    answers = yield (select, read)
    if not answers[0].ok:
        raise unavailable(profile, application, answers[0].sw)
    if answers[-1].data != record:
        challenge = yield from script.challenge()
        mac = line_mac(challenge, update_binary_header(sfi, len(record)) + record)
        script.add(protected_update_binary(sfi, record, mac), read)
        answers = yield from script.flush()
    written = ApplicationRecord.parse(answers[-1].data)
    if answers[-1].data != record or written is None:
        raise CardError("read_back_differs", application=application)
    return written


def read_application(profile: Profile, application: str) -> Procedure[ApplicationRecord | None]:
    """An application's record as it stands on the card; None where it is blocked, missing or does not decode."""
    layout = profile.layout.find(application)
    sfi = layout.find("application").sfi
    answers = yield (select_by_name(layout.aid_bytes), read_binary(sfi, ApplicationRecord.LENGTH))
    return ApplicationRecord.parse(answers[1].data) if len(answers) > 1 and answers[1].ok else None


def block_application(profile: Profile, application: str, line_mac: LineMac, *, permanent: bool = False) -> Procedure[None]:
    """APPLICATION BLOCK, proven by selecting the application again."""
    aid = profile.layout.find(application).aid_bytes
    kind = "permanent" if permanent else "temporary"
    answer = yield from send(select_by_name(aid, ANY))
    if f"{answer.sw:04X}" in profile.status.blocked_select and not permanent:
        return
    if not answer.ok and f"{answer.sw:04X}" not in profile.status.blocked_select:
        raise unavailable(profile, application, answer.sw)
    script = Script(profile.dialect.challenge_length)
    challenge = yield from script.challenge()
    script.add(application_block(kind, line_mac(challenge, BLOCK_HEADER[kind])))
    yield from script.flush()
    answer = yield from send(select_by_name(aid, ANY))
    if f"{answer.sw:04X}" not in profile.status.blocked_select:
        raise CardError("block_not_in_effect", application=application, sw=f"{answer.sw:04X}")


def unblock_application(profile: Profile, application: str, line_mac: LineMac) -> Procedure[None]:
    """APPLICATION UNBLOCK, proven by selecting and reading the application again.

    A wrong MAC costs one of three tries and the third locks the application for good, so it is never repeated blindly.
    """
    sw = yield from _refusal(profile, application)
    if sw is None:
        return
    if f"{sw:04X}" not in (*profile.status.blocked_select, *profile.status.blocked_use):
        raise unavailable(profile, application, sw)
    script = Script(profile.dialect.challenge_length)
    challenge = yield from script.challenge()
    ask = application_unblock(line_mac(challenge, UNBLOCK_HEADER))
    answers = yield (ask,)
    if answers[0].sw == SW.LOCKED_FOR_GOOD:
        raise CardError("application_locked_for_good", application=application)
    if not answers[0].ok:
        raise refused(ask, answers[0])
    sw = yield from _refusal(profile, application)
    if sw is not None:
        raise CardError("application_blocked", sw=f"{sw:04X}")


def _refusal(profile: Profile, application: str) -> Procedure[int | None]:
    """What an application answers that cannot be selected, or, as some families have it, be selected and not be used."""
    layout = profile.layout.find(application)
    file = layout.file[-1]
    read = read_binary(file.sfi, 1, ANY) if file.kind == "binary" else read_record(1, file.sfi, expect=ANY)
    answers = yield (select_by_name(layout.aid_bytes, ANY), read)
    selected, used = answers
    if not selected.ok:
        return selected.sw
    return used.sw if f"{used.sw:04X}" in profile.status.blocked_use else None


def unavailable(profile: Profile, application: str, sw: int) -> CardError:
    """The error for an application that cannot be selected."""
    if f"{sw:04X}" in profile.status.blocked_select:
        return CardError("application_blocked", sw=f"{sw:04X}")
    return CardError("application_missing", application=application, sw=f"{sw:04X}")
