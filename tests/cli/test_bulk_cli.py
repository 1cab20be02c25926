"""Bulk issue on the command line: a file checked, loaded, made on virtual cards, paused, reported."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cardsvc.bootstrap import now
from cardsvc.printing.photo import sample_photo
from cardsvc.vcard import VirtualCard
from tests.cli.test_cli import as_json, run
from tests.day.outlet import PASSWORD
from tests.service.bulk.bulk_people import HEADER, blanks, hire, people_file, row
from tests.world import World, person


@pytest.fixture
def office(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A clerk in the database of the command line, keys, and a file of three people."""
    world = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    hire(world)
    world.close()
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "people.csv").write_bytes(people_file(3))
    made = {**home, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "password"), "CARDSVC_STAFF": "clerk"}
    run(made, "keys", "init")
    return made


def test_photos_of_a_batch_are_kept_all_or_none_and_once(office: dict[str, str], tmp_path: Path) -> None:
    """Named by ID number; what is of nobody, no picture, or too small is named, and nothing is kept then."""
    batch = as_json(office, "bulk", "load", str(tmp_path / "people.csv"))["batch_id"]
    folder = tmp_path / "photos"
    folder.mkdir()
    first, second = (person(number).id_number for number in (1, 2))
    (folder / f"{first}.jpg").write_bytes(sample_photo())
    (folder / f"{second}.JPG").write_bytes(sample_photo(100, 100))
    (folder / "11010019000229001X.jpg").write_bytes(sample_photo())
    (folder / "list.txt").write_text("no photo")
    asked = ("bulk", "photos", batch, str(folder))
    assert "consent_missing" in run(office, *asked, code=2).stderr
    refused = json.loads(run(office, *asked, "--consent", "--json", code=2).stderr)
    assert refused["problems"] == ["110*************1X bulk_photo_of_nobody", "3 rule_photo"]
    (folder / "11010019000229001X.jpg").unlink()
    (folder / f"{second}.JPG").write_bytes(sample_photo())
    assert as_json(office, *asked, "--consent") == {"kept": 2, "known": 0, "without": [4]}
    assert as_json(office, *asked, "--consent") == {"kept": 0, "known": 2, "without": [4]}
    packed = tmp_path / "photos.zip"
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr(f"学校/{person(3).id_number}.jpg", sample_photo())
        made.writestr("__MACOSX/._x.jpg", b"-")
    assert as_json(office, "bulk", "photos", batch, str(packed), "--consent") == {"kept": 1, "known": 0, "without": []}
    packed.write_bytes(b"no zip")
    assert "bulk_zip_wrong" in run(office, "bulk", "photos", batch, str(packed), "--consent", code=2).stderr


def cards(tmp_path: Path, count: int, first: int = 1) -> list[str]:
    """Options with files of blank cards."""
    files = [tmp_path / f"card-{number}" for number in range(first, first + count)]
    for card, file in zip(blanks(count, first), files, strict=True):
        card.save(file)
    return [argument for file in files for argument in ("--vcard", str(file))]


def events(office: dict[str, str], *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """What a run tells, one line of JSON each."""
    return [json.loads(line) for line in run(office, "bulk", "run", *arguments, "--json", code=code).stdout.splitlines()]


def test_every_bad_line_is_named_for_people_and_programs(office: dict[str, str], tmp_path: Path) -> None:
    """Exit code 2, in both languages, and nothing is stored."""
    bad = tmp_path / "bad.csv"
    bad.write_text("\n".join([HEADER, row(1), ",x,", row(1)]))
    told = run(office, "bulk", "check", str(bad), code=2)
    assert "line 3: ID number is not 17 digits and a check character" in told.stdout
    assert "3 mistakes: all of them are named above" in told.stderr
    assert (
        "第 4 行 身份证号与另一行是同一个人，行号 2"
        in run({**office, "CARDSVC_LANG": "zh"}, "bulk", "check", str(bad), code=2).stdout
    )
    refused = json.loads(run(office, "bulk", "load", str(bad), "--json", code=2).stderr)
    assert refused["problems"] == ["3 name missing", "3 id_number not_18_characters", "4 id_number same_as_line 2"]
    assert as_json(office, "bulk", "list") == []
    assert as_json(office, "bulk", "check", str(tmp_path / "people.csv")) == {"people": 3, "problems": [], "batch_id": None}


def test_a_file_becomes_cards(office: dict[str, str], tmp_path: Path) -> None:
    """Loaded once, made in two runs, one card of another family put aside; the report opens in a spreadsheet."""
    batch = as_json(office, "bulk", "load", str(tmp_path / "people.csv"))["batch_id"]
    assert as_json(office, "bulk", "load", str(tmp_path / "people.csv"))["again"]
    listed = run({**office, "CARDSVC_LANG": "zh"}, "bulk", "list").stdout.splitlines()
    assert listed[0].split() == ["批次", "文件", "状态", "已制", "/", "共", "人员"]
    assert listed[1].split()[:2] == [batch, "people.csv"]
    assert as_json(office, "bulk", "check", str(tmp_path / "people.csv"))["batch_id"] == batch
    foreign = tmp_path / "foreign"
    VirtualCard.blank("t-union", seed=1).save(foreign)
    told = events(office, batch, "--vcard", str(foreign), *cards(tmp_path, 2))
    assert [event.get("bin") for event in told] == ["aside", None, "good", "good", None]
    assert (told[-1]["reason"], told[-1]["left"]) == ("no_more_cards", 1)
    run(office, "bulk", "pause", batch)
    assert as_json(office, "bulk", "show", batch)["state"] == "paused"
    last = run(office, "bulk", "run", batch, *cards(tmp_path, 1, 11)).stdout
    assert "First-article check 3100010100000003: right" in last
    assert "This batch is done" in last
    report = tmp_path / "report.csv"
    run(office, "bulk", "report", batch, "--csv", str(report))
    rows = list(csv.DictReader(io.StringIO(report.read_bytes().decode("utf-8-sig"))))
    assert [(line["line"], line["state"], line["bin"]) for line in rows] == [(n, "made", "good bin") for n in "234"]
    assert all("*" in line["ID number"] for line in rows)
    seen = as_json(office, "card", "inspect", "--vcard", str(tmp_path / "card-1"))
    assert (seen["card_no"], rows[0]["card"]) == ("3100010100000001", "3100 0101 0000 0001")


def test_a_run_that_stops_says_so_with_its_exit_code(office: dict[str, str], tmp_path: Path) -> None:
    """Three things in a row that are no cards; then whoever asks for a batch or line that is none, or for no reader."""
    batch = as_json(office, "bulk", "load", str(tmp_path / "people.csv"))["batch_id"]
    (tmp_path / "broken").write_bytes(b"no card")
    told = events(office, batch, *("--vcard", str(tmp_path / "broken")) * 4, code=9)
    assert [event.get("code") for event in told[:-1]] == ["card_file_wrong"] * 3
    assert (told[-1]["reason"], told[-1]["left"]) == ("failed", 3)
    assert "bulk_line_not_begun" in run(office, "bulk", "give-up", batch, "3", code=9).stderr
    assert "bulk_batch_unknown" in run(office, "bulk", "show", "nothing", code=2).stderr
    run(office, "bulk", "run", batch, code=2)
