"""``cardsvc card compare``: a card beside its record, and two cards; neither card is changed."""

import json
from pathlib import Path

from cardsvc.bootstrap import now
from cardsvc.keystore.sealed import SealedKeystore
from cardsvc.units import id_number_check_digit
from cardsvc.vcard import Fault, VirtualCard, inflict
from tests.cli.test_cli import as_json, run
from tests.diagnosis.patients import Patient
from tests.diagnosis.strangers import unfinished
from tests.world import World, key_ring


def issued(home: dict[str, str], family: str, number: int, folder: Path) -> tuple[Path, str]:
    """A card of a synthetic person: its file and its number."""
    file, body = folder / f"card-{number}", f"3301001999023{number:04d}"
    VirtualCard.blank(family, seed=number).save(file)
    person = ("--name", "测试一", "--id-number", body + id_number_check_digit(body), "--sex", "1", "--birth-date", "1999-02-28")
    citizen = as_json(home, "citizen", "register", *person)["citizen_id"]
    made = as_json(home, "card", "personalise", "--citizen", citizen, "--vcard", str(file))
    run(home, "card", "topup", "50", "--vcard", str(file))
    return file, made["card_no"]


def test_what_differs_is_named_with_both_sides(home: dict[str, str], tmp_path: Path) -> None:
    """Nothing on a card that is as recorded; another person's card; then a damaged file and a balance that nobody booked."""
    run(home, "keys", "init")
    (one, number), (other, _) = issued(home, "fudan-fmcos2", 1, tmp_path), issued(home, "mingwah-smartcos", 2, tmp_path)
    before = [one.read_bytes(), other.read_bytes()]
    assert "No difference" in run(home, "card", "compare", "--vcard", str(one)).stdout
    between = run(home, "card", "compare", "--vcard", str(one), "--with-vcard", str(other), code=1).stdout
    assert number in between
    assert "profile.id fudan-fmcos2 mingwah-smartcos" in " ".join(between.split())
    assert [one.read_bytes(), other.read_bytes()] == before
    card = VirtualCard.load(one)
    inflict(card, [Fault.parse("wrong-balance:12345"), Fault.parse("corrupted-file")])
    card.save(one)
    told = json.loads(run(home, "card", "compare", "--vcard", str(one), "--json", code=1).stdout)
    seen = {row["name"]: (row["first"], row["second"]) for row in told["differences"]}
    assert seen["purse.balance"] == (12345, 5000)
    assert any(name.startswith("file.") and right == "ok" for name, (_, right) in seen.items())
    assert told["sides"] == [number, "record"]


def test_a_card_without_a_record_is_not_told_to_be_like_it(home: dict[str, str], tmp_path: Path) -> None:
    """There is nothing to compare it with, and that is said."""
    run(home, "keys", "init")
    VirtualCard.blank("t-union", seed=5).save(file := tmp_path / "card")
    told = run(home, "card", "compare", "--vcard", str(file), code=4).stderr
    assert "card_has_no_record" in told
    assert "diagnose" in told


def test_what_a_card_does_not_show_differs_from_its_record(home: dict[str, str], tmp_path: Path) -> None:
    """A blocked purse, a card that is blocked as a whole, one whose making broke off; in words, for whoever reads them."""
    run(home, "keys", "init")
    file, _ = issued(home, "fudan-fmcos2", 1, tmp_path)
    chinese = {**home, "CARDSVC_LANG": "zh"}
    whole = file.read_bytes()

    def compared(fault: str) -> str:
        file.write_bytes(whole)
        run(home, "vcard", "--file", str(file), "--fault", fault, "--inflict-only")
        return " ".join(run(chinese, "card", "compare", "--vcard", str(file), code=1).stdout.split())

    assert "应用状态 application.purse.state 临时锁定 可用" in compared("blocked-application")
    assert "卡片状态 card.state 整卡锁死 市民卡" in compared("blocked-card")
    assert "文件 file.bus.application 损坏 正常" in compared("corrupted-file:3F03/0015")


def test_a_card_whose_making_broke_off_is_as_it_was_left(home: dict[str, str], tmp_path: Path) -> None:
    """Half made in the books and on the card, which is no citizen card yet."""
    world = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    SealedKeystore(tmp_path / "keys.sealed", key_ring(), b"correct horse", 2**10).save(key_ring())
    card = world.issue("fudan-fmcos2")
    unfinished(patient := Patient(world, card, card.channel))
    world.close()
    patient.card.save(file := tmp_path / "half")
    assert "No difference" in run(home, "card", "compare", "--vcard", str(file)).stdout
    assert run(home, "card", "diagnose", "--vcard", str(file), code=1).stdout.count("==") == 1
