"""The virtual card against facts from outside: Fudan's own issuing script, published exchanges of real cards, the standard."""

import pytest

from cardsvc.errors import CardGone
from cardsvc.vcard import FaultPlan, VirtualCard

AID = "A00000000386980701"

FUDAN_SCRIPT = [
    "80E03F000D38FFFFF0F001FFFFFFFFFFFFFF",
    "80E00000073F005001F0FFFF",
    "80D401000D36F0F0FF33FFFFFFFFFFFFFFFF",
    "80D401001539F0F0AA33FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
    "80E00001072A0213F000FFFF",
    f"00E200081361114F09{AID}500450424F43",
    f"80E03F011138036FF0F095FFFF{AID}",
    f"00A4040009{AID}",
    "80E00000073F018F95F0FFFF",
    "80D401001534F0020001" + "34" * 16,
    "80D401001536F002FF33" + "36" * 16,
    "80D401001537F002FF33" + "37" * 16,
    "80D401001538F002FF33" + "38" * 16,
    "80D401001539F0020133" + "39" * 16,
    "80D40101153EF0020001" + "3E01" * 8,
    "80D40102153EF0020001" + "3E02" * 8,
    "80D40101153FF0020001" + "3F01" * 8,
    "80D40102153FF0020001" + "3F02" * 8,
    "80D40101153DF0020001" + "3D01" * 8,
    "80D40101153CF0020001" + "3C01" * 8,
    "80D401000D3AF0EF013312345FFFFFFFFFFF",
    "80E0001507A8001EF0F0FFFF",
    "80E0001607A80027F0F0FFFF",
    "80E00018072E0A17F1EFFFFF",
    "80E00001072F0208F100FF18",
    "80E00002072F0208F000FF18",
]

SMARTCOS_SCRIPT = [
    "80E0000018FFFFFFFFFFFFFFFF0F01315041592E5359532E4444463031",
    f"80E001000D3F010F00{AID}",
    "80E00200070000050F000818",
    "80E80000180100" + "0007" + "0F001F33" + "34" * 16,
    "80E80000180000" + "0005" + "0F001F33" + "36" * 16,
    "80E80000180101" + "0001" + "0F001F33" + "3F01" * 8,
    "80E80000180101" + "0000" + "0F001F33" + "3E01" * 8,
    "80E80000180000" + "0008" + "0F011F33" + "39" * 16,
    "80E00200070018030FF00A17",
    "80E00200070002060F0F0018",
    "80E0020007001500" + "0F0F001E",
    "80E0010102" + "3F01",
    "80E0000102" + "3F00",
]


def ok(card: VirtualCard, command: str) -> bytes:
    """A command that must succeed."""
    answer = card.transmit(bytes.fromhex(command))
    assert answer[-2:] == b"\x90\x00", (command, answer.hex())
    return answer[:-2]


def status(card: VirtualCard, command: str) -> str:
    """The status word of a command."""
    return card.transmit(bytes.fromhex(command))[-2:].hex().upper()


def fmcos() -> VirtualCard:
    """An FMCOS card issued by Fudan's script, its log free to read as on city cards, its purse application selected."""
    card = VirtualCard.blank("fudan-fmcos2", seed=1)
    card.power_on()
    for command in FUDAN_SCRIPT:
        ok(card, command.replace("2E0A17F1EF", "2E0A17F0EF"))
    ok(card, f"00A4040009{AID}")
    return card


def smartcos() -> VirtualCard:
    """A SmartCOS card with the same purse."""
    card = VirtualCard.blank("mingwah-smartcos", seed=1)
    card.power_on()
    for command in SMARTCOS_SCRIPT:
        ok(card, command)
    ok(card, f"00A4040009{AID}")
    return card


ISSUED = pytest.mark.parametrize("issued", [fmcos, smartcos])


def test_a_blank_card_has_no_mf() -> None:
    """On both families."""
    for profile in ("fudan-fmcos2", "mingwah-smartcos"):
        card = VirtualCard.blank(profile)
        card.power_on()
        assert status(card, "00A40000023F00") == "6A82"


def test_fci_as_the_manual_prints_it() -> None:
    """MF with DIR, application with its EF15 (FMCOS 2.0 general manual p57)."""
    card = fmcos()
    assert ok(card, "00A40000023F00").hex().upper() == "6F15840E315041592E5359532E4444463031A503880101"
    assert ok(card, f"00A4040009{AID}").hex().upper().startswith(f"6F2E8409{AID}A5219F0C1E")
    ok(card, "00A40000023F00")
    assert ok(card, "00B2010C00").hex().upper() == f"61114F09{AID}500450424F43"


def test_a_load_of_a_real_fm1208() -> None:
    """MAC1, MAC2 and TAC of the public log of 2017, from this card's own computation."""
    card = fmcos()
    put_purse(card, balance=0x1A, online=0x17)
    card.force_random(bytes.fromhex("06B825D7"))
    assert ok(card, "805000020B01" + "00000001" + "112233445566" + "10").hex().upper() == "0000001A0017000106B825D7684C81CE"
    assert ok(card, "805200000B" + "20170310110734" + "9C8A0625" + "04").hex().upper() == "16EAD516"
    assert ok(card, "805A0002020018" + "08").hex().upper() == "9C8A062516EAD516"
    assert ok(card, "00B201C417").hex().upper() == "0018" + "000000" + "00000001" + "02" + "112233445566" + "20170310110734"


def put_purse(card: VirtualCard, balance: int, online: int) -> None:
    """Set the purse to where a published exchange begins: the only way to get there is the card's own memory."""
    node = next(n for n in card._memory.nodes if n.kind.name == "PURSE" and n.file_id == 2)
    card._memory.put(node, 4, balance.to_bytes(4, "big"))
    card._memory.put(node, 11, online.to_bytes(2, "big"))
    card._eeprom.commit()


def test_a_purchase_of_a_real_fmcos_card() -> None:
    """MAC1, MAC2 and TAC of the public log of 2016."""
    card = VirtualCard.blank("fudan-fmcos2", seed=1)
    card.power_on()
    key = "00112233445566778899AABBCCDDEEFF"
    for command in FUDAN_SCRIPT:
        ok(card, command.replace("34" * 16, key).replace("3E01" * 8, key))
    ok(card, f"00A4040009{AID}")
    put_purse(card, balance=100, online=0)
    card.force_random(bytes.fromhex("584633C9"))
    ok(card, "805001020B01" + "00000001" + "001122334455" + "0F")
    answer = ok(card, "805401000F" + "00000000" + "20161216134600" + "D45737C5" + "08")
    assert answer.hex().upper() == "8AF270DC" + "66B54A6B"
    assert ok(card, "805C000204") == (99).to_bytes(4, "big")


def test_external_and_internal_authentication_as_the_manual_prints_them() -> None:
    """FMCOS 2.0 general manual p52 and p55."""
    card = VirtualCard.blank("fudan-fmcos2", seed=1)
    card.power_on()
    for command in (
        "80E03F000D38FFFFF0F001FFFFFFFFFFFFFF",
        "80E00000073F005001F0FFFF",
        "80D401000D39F0F001330102030405060708",
        "80D401000D30F0F000011122334455667788",
    ):
        ok(card, command)
    card.force_random(bytes.fromhex("BB83BFF3"))
    ok(card, "0084000004")
    ok(card, "008200000874B0047DD681D96C")
    assert ok(card, "0088000008" + "0102030405060708" + "08").hex().upper() == "178F59F8578E0D3F"
    assert ok(card, "0088020008" + "0102030405060708" + "08").hex().upper() == "A82A8CEB"


def test_a_protected_write_key_of_a_real_card() -> None:
    """Encrypted under the 8-byte master FFx8, MAC D7C943F6 for the challenge 4C45BAB9."""
    card = VirtualCard.blank("fudan-fmcos2", seed=1)
    card.power_on()
    for command in FUDAN_SCRIPT[:2]:
        ok(card, command)
    ok(card, "80D401000D39F0F0AA33FFFFFFFFFFFFFFFF")
    card.force_random(bytes.fromhex("4C45BAB9"))
    ok(card, "0084000004")
    assert status(card, "84D40102147C87BC23140021B3AFEA67E6359DDCFED7C943F5") == "9302"
    card.force_random(bytes.fromhex("4C45BAB9"))
    ok(card, "0084000004")
    ok(card, "84D40102147C87BC23140021B3AFEA67E6359DDCFED7C943F6")
    ok(card, "0084000004")
    assert status(card, "0082000208" + "00" * 8) != "6A88"


def test_a_line_protected_update_of_public_host_code() -> None:
    """36x16, challenge A3BBCFC8, MAC 96E32EF1 over 30 bytes of EF15; one bit off is refused with 6988."""
    card = fmcos()
    data = "000122000001FFFF01010000220000000000000620160101205012310000"
    card.force_random(bytes.fromhex("A3BBCFC8"))
    ok(card, "0084000004")
    ok(card, f"04D6950022{data}96E32EF1")
    assert ok(card, "00B0950000").hex().upper() == data
    card.force_random(bytes.fromhex("A3BBCFC8"))
    ok(card, "0084000004")
    assert status(card, f"04D6950022{data}96E32EF0") == "6988"


def test_without_a_mac_a_protected_file_is_not_written() -> None:
    """Line-protected EF15; three wrong MACs in a row lock the application for good."""
    card = fmcos()
    assert status(card, "00D6950002ABCD") == "6987"
    for left in ("6988", "6988", "9303"):
        ok(card, "0084000004")
        assert status(card, "04D6950006ABCD00000000") == left
    assert status(card, "805C000204") in ("9303", "6A81")


@ISSUED
def test_wrong_cryptograms_cost_tries_and_then_the_key(issued: object) -> None:
    """63C2, 63C1, 63C0, then 6983 for ever; a challenge is good for the next command only."""
    card = issued()  # type: ignore[operator] # one of the two makers
    for expected in ("63C2", "63C1", "63C0", "6983"):
        ok(card, "0084000004")
        assert status(card, "0082000008" + "00" * 8) == expected
    ok(card, "0084000004")
    ok(card, "805C000204")
    assert status(card, "0082000008" + "00" * 8) == "6985"


@ISSUED
def test_credit_follows_its_initialize_directly(issued: object) -> None:
    """6901 without one, or with a command in between; a wrong MAC2 is 9302 and spends the INITIALIZE; 9403 for no key."""
    card = issued()  # type: ignore[operator] # one of the two makers
    credit = "805200000B" + "20260315093005" + "00000000" + "04"
    initialize = "805000020B01" + "00000001" + "112233445566" + "10"
    assert status(card, credit) == "6901"
    ok(card, initialize)
    ok(card, "805C000204")
    assert status(card, credit) == "6901"
    ok(card, initialize)
    assert status(card, credit) == "9302"
    assert status(card, credit) == "6901"
    assert status(card, "805000020B09" + "00000001" + "112233445566" + "10") == "9403"
    assert status(card, "805001020B01" + "00000001" + "112233445566" + "0F") == "9401"
    assert status(card, "805A0002020001" + "08") == "9406"


@ISSUED
def test_rights_hold(issued: object) -> None:
    """The log cannot be written, past the end is 6A83, a wrong offset 6B00, a wrong file 6A82, an unknown command 6D00."""
    card = issued()  # type: ignore[operator] # one of the two makers
    assert status(card, "00E200C417" + "00" * 23) == "6982"
    assert status(card, "00B2FFC417") == "6A83"
    assert status(card, "00B0957F01") in ("6B00", "6982")
    assert status(card, "00A40000020099") == "6A82"
    assert status(card, "0099000000") == "6D00"
    assert status(card, "A0A40000023F00") == "6E00"
    assert len(card.unknown_commands) == 2


def test_fmcos_state_permissions() -> None:
    """F0 free, FY by the MF's state, EF never: files created with each."""
    card = VirtualCard.blank("fudan-fmcos2", seed=1)
    card.power_on()
    for command in FUDAN_SCRIPT[:2]:
        ok(card, command)
    ok(card, "80D401001539F0F10133" + "FF" * 16)
    for number, right in ((0x11, "F0"), (0x12, "F1"), (0x13, "EF"), (0x14, "21")):
        ok(card, f"80E000{number:02X}07280004{right}{right}FFFF")
    assert [status(card, f"00D6{0x80 | n:02X}000101") for n in (0x11, 0x12, 0x13, 0x14)] == ["9000", "6982", "6982", "6982"]
    card.force_random(bytes.fromhex("00000000"))
    ok(card, "0084000004")
    from cardsvc.crypto.des import des_ecb_encrypt

    ok(card, "0082000008" + des_ecb_encrypt(b"\xff" * 16, bytes(8)).hex())
    assert [status(card, f"00D6{0x80 | n:02X}000101") for n in (0x11, 0x12, 0x13, 0x14)] == ["9000", "9000", "6982", "9000"]
    assert status(card, "00B0950001") == "6A82"
    ok(card, "80E0001507280004F0F0FFFF")
    assert status(card, "00B0950001") == "6281"


def test_pins() -> None:
    """12345 opens; wrong ones count down; change and unblock give the tries back."""
    card = fmcos()
    ok(card, "002000000312345F")
    assert [status(card, "0020000003111111") for _ in range(3)] == ["63C2", "63C1", "63C0"]
    assert status(card, "002000000312345F") == "6983"
    assert status(card, "0020000103123456") == "9403"


def test_memory_survives_in_a_file(tmp_path: object) -> None:
    """Saved and loaded it is the same card; another file is refused."""
    from pathlib import Path

    from cardsvc.errors import CardError

    path = Path(str(tmp_path)) / "card"
    card = fmcos()
    card.save(path)
    again = VirtualCard.load(path)
    again.power_on()
    assert again.atr == card.atr
    assert ok(again, f"00A4040009{AID}") == ok(card, f"00A4040009{AID}")
    path.write_bytes(b"something else")
    with pytest.raises(CardError) as told:
        VirtualCard.load(path)
    assert told.value.code == "card_file_wrong"


def test_a_worn_eeprom_says_6581_and_keeps_its_state() -> None:
    """Nothing changes when cells cannot be written."""
    card = fmcos()
    card.plan = FaultPlan(worn_from_eeprom_byte=1)
    ok(card, "0084000004")
    assert status(card, "0020000003111111") == "6581"
    card.plan = FaultPlan()
    assert status(card, "0020000003111111") == "63C2"


def test_a_card_without_power_answers_nothing() -> None:
    """Until it is powered on again."""
    card = fmcos()
    card.power_off()
    with pytest.raises(CardGone):
        card.transmit(bytes.fromhex("0084000004"))
