"""A card proves that it is genuine and tells whose it is. Reads only, and never the purse."""

from dataclasses import dataclass, field

from cardsvc.card.commands import internal_authenticate, read_record, select_by_id, select_by_name
from cardsvc.card.holder import Holder, holder_from_records
from cardsvc.card.profile import Profile
from cardsvc.iso7816.exchange import Ask, Procedure

ANY = ("xxxx",)
RECORDS = 6


@dataclass(frozen=True, slots=True)
class IdentitySight:
    """What the card answered: 8 bytes, or none where it refused; its holder, None where the records do not decode."""

    answer: bytes
    holder: Holder | None = field(repr=False)


def prove_identity(profile: Profile, challenge: bytes) -> Procedure[IdentitySight]:
    """INTERNAL AUTHENTICATE in the MF, then the holder's records (tag 08 to 0D, social-security layout, EF06)."""
    mf, holder = profile.layout.mf, profile.layout.find("holder")
    key_id = mf.key("internal_auth").key_id
    answers = yield (
        select_by_id(mf.id_bytes, ANY),
        internal_authenticate(key_id, challenge, ANY),
        select_by_name(holder.aid_bytes, ANY),
        *(_secret(read_record(number, holder.find("holder").sfi, expect=ANY)) for number in range(1, RECORDS + 1)),
    )
    records = {answer.data[0]: answer.data[2:] for answer in answers[3:] if answer.ok and len(answer.data) > 2}
    return IdentitySight(answers[1].data if answers[1].ok else b"", holder_from_records(records))


def _secret(ask: Ask) -> Ask:
    return Ask(ask.command, ask.name, ask.expect, ask.changes, secret=True)
