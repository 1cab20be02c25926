"""What a person reads of a diagnosis: beside the finding stands what was seen, in words and yuan."""

from pathlib import Path

from cardsvc.vcard import Fault, VirtualCard, inflict
from tests.cli.test_cli import run
from tests.cli.test_compare_cli import issued


def test_a_finding_says_what_was_seen(home: dict[str, str], tmp_path: Path) -> None:
    """What the card and the books hold, and how sure it is; the field of the holder that differs; and so in a comparison."""
    run(home, "keys", "init")
    file, _ = issued(home, "fudan-fmcos2", 1, tmp_path)
    card = VirtualCard.load(file)
    inflict(card, [Fault.parse("wrong-balance:1234")])
    card.save(file)
    told = run(home, "card", "diagnose", "--vcard", str(file), code=1).stdout
    assert "Seen: balance on the card 12.34 yuan, balance in the books 50.00 yuan" in told
    assert "difference that nothing explains -37.66 yuan" in told
    assert "[serious, likely]" in told
    beside = run(home, "card", "compare", "--vcard", str(file), code=1).stdout
    assert "balance on the card purse.balance 12.34 yuan 50.00 yuan" in " ".join(beside.split())


def test_holder_data_that_differ_are_named(home: dict[str, str], tmp_path: Path) -> None:
    """The clerk is told which fields to compare."""
    run(home, "keys", "init")
    file, _ = issued(home, "fudan-fmcos2", 1, tmp_path)
    data = file.read_bytes()
    old, new = ("测试一".encode("gbk"), "测试二".encode("gbk"))
    assert old in data
    file.write_bytes(data.replace(old, new))
    told = run(home, "card", "diagnose", "--vcard", str(file), code=1).stdout
    assert "holder data differ" in told
    assert "Seen: fields that differ from the record: name" in told
