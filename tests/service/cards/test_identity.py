"""Identity for other windows: a genuine card proves itself, a copy does not, and the purse is never touched."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cardsvc.errors import RequestError
from cardsvc.service.cards.identity import holder_digest
from cardsvc.service.loss.hotlist import list_card
from cardsvc.vcard import VirtualCard
from tests.world import DESK, ISSUABLE, KIOSK, World, person

ASKED = {"bureau": "公积金中心", "purpose": "查询本人公积金", "consent": "holder"}


def image(card: VirtualCard, folder: Path) -> bytes:
    """The card's memory, byte for byte."""
    card.save(folder / "card")
    return (folder / "card").read_bytes()


@pytest.mark.parametrize("family", ISSUABLE)
def test_a_genuine_card_proves_itself_to_another_bureau(world: World, family: str, tmp_path: Path) -> None:
    """The statement says whose it is and is signed; the ID number goes out masked, and what the bureau read can be compared."""
    card = world.issue(family)
    before = image(card, tmp_path)
    found = world.do(card, "identity", DESK, **ASKED)
    assert (found["genuine"], found["valid"], found["reasons"]) == (True, True, [])
    holder = person(1)
    assert found["holder"]["digest"] == holder_digest(holder.name, holder.id_number)
    assert holder.id_number not in json.dumps(dict(found), ensure_ascii=False)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(found["public_key"]))
    key.verify(bytes.fromhex(found["signature"]), found["statement"].encode())
    said = json.loads(found["statement"])
    assert (said["bureau"], said["purpose"], said["card_no"]) == ("公积金中心", "查询本人公积金", world.card_no_of(card))
    assert "balance" not in found["statement"]
    assert image(card, tmp_path) == before


def test_a_copy_with_another_key_is_not_genuine_and_tells_nothing(world: World) -> None:
    """Everything that is free to read can be copied; the key cannot."""
    card = world.issue("fudan-fmcos2")
    world.roll_key("mf.internal_auth")
    copy = world.issue("fudan-fmcos2", 2)
    assert world.do(copy, "identity", DESK, **ASKED)["genuine"]
    assert world.do(card, "identity", DESK, **ASKED)["genuine"], "a card of before has the key of before"
    with world.store.begin() as uow:
        row = uow.cards.get(world.card_no_of(card))
        assert row is not None
        uow.cards.change(row, key_versions={**row.key_versions, "mf.internal_auth": 2})
        uow.commit()
    found = world.do(card, "identity", DESK, **ASKED)
    assert (found["genuine"], found["valid"], found["holder"]) == (False, False, None)


def test_a_lost_card_is_genuine_but_not_valid(world: World) -> None:
    """A card on the hot list answers with its reason; the bureau decides what to do."""
    card = world.issue("fudan-fmcos2")
    number = world.card_no_of(card)
    world.store.transact(lambda uow: list_card(uow, number, "挂失", "test", world.now))
    found = world.do(card, "identity", DESK, **ASKED)
    assert (found["genuine"], found["valid"], found["reasons"]) == (True, False, ["hot_listed"])


def test_purpose_and_consent_are_asked_for_and_kept(world: World) -> None:
    """Without them nothing is asked of the card; top-up terminals may not ask at all."""
    card = world.issue("fudan-fmcos2")
    with pytest.raises(RequestError, match="params_invalid"):
        world.do(card, "identity", DESK, bureau="公积金中心", consent="holder")
    with pytest.raises(RequestError, match="params_invalid"):
        world.do(card, "identity", DESK, **{**ASKED, "consent": "none"})
    with pytest.raises(RequestError, match="operation_not_permitted"):
        world.do(card, "identity", KIOSK, **ASKED)
    found = world.do(card, "identity", DESK, **ASKED)
    with world.store.read() as uow:
        kept = uow.operations.get(json.loads(found["statement"])["operation_id"])
    assert kept is not None
    assert (kept.params["purpose"], kept.params["consent"]) == ("查询本人公积金", "holder")
