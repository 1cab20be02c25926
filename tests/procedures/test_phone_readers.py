"""The card that was written, read the way the two public phone readers read city cards: their commands, their offsets.

Written from the behaviour of the two open-source readers (Metrodroid, nfcard), not from our own layouts.
"""

import datetime as dt

import pytest

from cardsvc.vcard import VirtualCard
from tests.world import FAMILIES, World

CITY_UNION = bytes.fromhex("A00000000386980701")


@pytest.fixture(params=FAMILIES)
def card(request: pytest.FixtureRequest, world: World) -> VirtualCard:
    """An issued card that was topped up and has paid."""
    made = world.issue(request.param)
    world.topup(made, 10000)
    world.do(made, "purchase", amount=200, merchant="bus")
    made.power_on()
    return made


def send(card: VirtualCard, command: str) -> tuple[bytes, str]:
    """One command; data and status."""
    answer = card.transmit(bytes.fromhex(command))
    return answer[:-2], answer[-2:].hex().upper()


def test_nfcard_reads_balance_dates_and_log(card: VirtualCard) -> None:
    """SELECT 3F00, the application, EF15 whole with 9000, balance of the EP, then records one by one."""
    assert send(card, "00A40000023F00")[1] == "9000"
    for forbidden in ("00B0840000", "00B08A0000"):
        assert send(card, forbidden)[1] != "9000"
    assert send(card, f"00A4040009{CITY_UNION.hex()}")[1] == "9000"
    info, status = send(card, "00B0950000")
    assert status == "9000"
    assert len(info) >= 30
    assert info[2:4].hex() == "3100"
    assert int.from_bytes(info[16:20], "big") == 0x00000001
    assert dt.date.fromisoformat(info[20:24].hex()) < dt.date.fromisoformat(info[24:28].hex())
    balance, status = send(card, "805C000204")
    assert (int.from_bytes(balance, "big") & 0x7FFFFFFF, status) == (9800, "9000")
    records, status = send(card, "00B201C500")
    if status == "9000" and len(records) == 23:
        pytest.fail("one record only would hide the others")
    log = []
    for number in range(1, 11):
        record, status = send(card, f"00B2{number:02X}C400")
        if status != "9000":
            assert status == "6A83"
            break
        log.append((int.from_bytes(record[5:9], "big"), record[9], record[10:16].hex(), record[16:20].hex()))
    assert log == [(200, 6, "310000000001", "20261124"), (10000, 2, "310000000007", "20261124")]


def test_metrodroid_reads_the_right_files(card: VirtualCard) -> None:
    """It prefers 1001/0015 and then an MF file 0015 over the application's: neither may exist. Record ends are 6A83."""
    for wrong in ("1001", "0015", "0018"):
        send(card, "00A40000023F00")
        assert send(card, f"00A4000002{wrong}")[1] in ("6A82", "6A81")
    assert send(card, f"00A4040009{CITY_UNION.hex()}00")[1] == "9000"
    info, status = send(card, "00B0950000")
    assert status == "9000"
    assert int.from_bytes(info[16:20], "little", signed=True) == 0x01000000
    trips, number = [], 1
    while (found := send(card, f"00B2{number:02X}C400"))[1] == "9000":
        trips.append(found[0])
        number += 1
    assert found[1] == "6A83"
    assert [trip[9] for trip in trips] == [0x06, 0x02]


def test_a_social_security_reader_finds_card_and_holder(card: VirtualCard) -> None:
    """SELECT SSSE, EF05 and EF06 by file id, records by number: tag, length, value."""
    assert send(card, "00A404000F7378312E73682EC9E7BBE1B1A3D5CF")[1] == "9000"
    values: dict[int, bytes] = {}
    for file in ("EF05", "EF06"):
        assert send(card, f"00A4000002{file}")[1] == "9000"
        number = 1
        while (found := send(card, f"00B2{number:02X}0400"))[1] == "9000":
            tag, length, value = found[0][0], found[0][1], found[0][2:]
            assert len(value) == length
            values[tag] = value
            number += 1
    assert set(values) == {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}
    assert values[9].rstrip(b"\x00").decode("gbk") == "测试一"
    assert values[3] == b"3.00"
    assert values[13].hex() == "19990228"
