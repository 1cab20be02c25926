"""What becomes of the PIN that some families want for loads: tried, locked, changed by nobody knows whom."""

from cardsvc.iso7816.links import ResponseLink
from cardsvc.vcard.memory import Kind
from cardsvc.vcard.session import KeyKind
from tests.diagnosis.patients import PURSE, Patient, change_key, node, opened
from tests.world import person

VALUE = 9


def wrong(patient: Patient, *answers: str) -> None:
    """Somebody enters wrong PINs, which the card answers so; the holder is at the desk."""
    channel = ResponseLink(patient.card.channel())
    channel.transmit(bytes.fromhex("00A4040009A00000000386980701"))
    assert [channel.transmit(bytes.fromhex("0020000003FFFF00")).hex() for _ in answers] == list(answers)
    channel.close()
    patient.person = person().id_number


def tried(patient: Patient) -> None:
    """One try is left."""
    wrong(patient, "63c2", "63c1")


def locked(patient: Patient) -> None:
    """No try is left."""
    wrong(patient, "63c2", "63c1", "63c0", "6983")


def another(patient: Patient) -> None:
    """The purse's PIN is not the one on record; the holder is at the desk."""
    change_key(patient.card, PURSE, KeyKind.PIN, VALUE, b"\x12\x34\x56")
    patient.person = person().id_number


def locked_for_good(patient: Patient) -> None:
    """Locked, on a card that was made before cards got the key that opens it."""
    locked(patient)
    _without_unblock_key(patient)


def tried_for_good(patient: Patient) -> None:
    """One try is left, on such a card."""
    tried(patient)
    _without_unblock_key(patient)


def another_for_good(patient: Patient) -> None:
    """Not the one on record, on such a card."""
    another(patient)
    _without_unblock_key(patient)


def _without_unblock_key(patient: Patient) -> None:
    with opened(patient.card) as memory:
        parent = node(memory, PURSE)
        keys = [n for n in memory.children(parent) if n.kind == Kind.KEY and memory.get(n, 0, 1)[0] == KeyKind.PIN_UNBLOCK]
        memory.erase(keys[0])
    with patient.world.store.begin() as uow:
        card = uow.cards.get(patient.card_no)
        assert card is not None
        versions = {name: version for name, version in card.key_versions.items() if not name.endswith("pin_unblock")}
        uow.cards.change(card, key_versions=versions)
        uow.commit()
