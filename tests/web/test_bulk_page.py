"""Bulk issue on the desk page, with the agent of the workstation played in this process."""

import io
import threading
import uuid
import zipfile
from collections.abc import Sequence
from contextlib import suppress

from werkzeug.test import TestResponse

from cardsvc.errors import CardsvcError
from cardsvc.printing.photo import sample_photo
from cardsvc.readers.carry import CarriedOut, finish
from cardsvc.service.bulk.station import claim
from cardsvc.service.desk.workstations import AWAY_AFTER, report, waiting_work
from cardsvc.service.operations.kinds import Actor
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.service.bulk.bulk_people import HEADER, blanks, people_file, row
from tests.service.bulk.test_bulk_excel import row as cells
from tests.service.bulk.test_bulk_excel import workbook
from tests.waiting import PATIENCE, until
from tests.web.desk_office import Office, Page, plain
from tests.world import person


def upload(page: Page, content: bytes, deed: str, name: str = "people.csv") -> TestResponse:
    """The file, sent with the form."""
    # arg-type: a file among the fields, which Page.post says are texts.
    return page.post("/bulk", deed=deed, file=(io.BytesIO(content), name))  # type: ignore[arg-type]


class Agent(threading.Thread):
    """The agent of ws-1: one reader into which these cards go, each until the run told where it goes."""

    def __init__(self, office: Office, batch_id: str, cards: Sequence[VirtualCard]) -> None:
        super().__init__(daemon=True)
        self._office, self._batch_id, self._cards = office, batch_id, cards
        self.over = threading.Event()
        self._sees(None)

    def _sees(self, card: VirtualCard | None) -> None:
        reader = {"name": "R", "atr": card.atr.hex() if card else None, "contact": str(uuid.uuid4()) if card else None}
        report(self._office.world.engine, "ws-1", "session-1", [reader], new=True)

    def _told(self) -> int:
        with self._office.world.store.read() as uow:
            return len(uow.bulk_events.newest(self._batch_id, 100))

    def run(self) -> None:
        engine, last = self._office.world.engine, None
        for card in self._cards:
            before, channel = self._told(), card.channel()
            self._sees(card)
            while self._told() == before and not self.over.is_set():
                found = waiting_work(engine, "ws-1", last)
                if found is None:
                    self.over.wait(0.05)
                    continue
                last = found[1].id
                with suppress(CardsvcError, CarriedOut):
                    finish(engine.port(Actor("terminal", "ws-1", bytes(6), "desk")), channel, found[1])
            channel.close()
            card.plan = FaultPlan()
            self._sees(None)


def test_a_file_is_checked_loaded_made_on_the_workstations_reader_and_reported(office: Office) -> None:
    """Bad lines in a table; a pulled card comes back; the end stands on the page; a second run of it is refused."""
    page = office.page("clerk", "ws-1")
    wrong = upload(page, f"{HEADER}\n{row(1)}\n测试一,123,\n".encode(), "check")
    assert "第 3 行 身份证号不是 18 位（17 位数字加校验位）" in wrong.text
    assert "1 人可以制卡；先改正下面有误的行，整个文件才能导入" in " ".join(wrong.text.split())
    refused = upload(page, f"{HEADER}\n测试一,123,\n".encode(), "load")
    assert (refused.status_code, refused.text.count("第 2 行")) == (422, 1)
    assert "2 人可以制卡" in " ".join(upload(page, workbook(cells(1), cells(2)), "check", "people.xlsx").text.split())
    loaded = upload(page, people_file(2), "load")
    batch_id = loaded.headers["Location"].rsplit("/", 1)[1]
    assert page.post(f"/bulk/{batch_id}", deed="start", reader="R").status_code == 422
    first, second = blanks(2)
    first.plan = FaultPlan(tear_after_command=40)
    agent = Agent(office, batch_id, [first, first, second])
    assert page.post(f"/bulk/{batch_id}", deed="start", reader="R").status_code == 303
    assert page.post(f"/bulk/{batch_id}", deed="start", reader="R").status_code == 409
    agent.start()
    until(lambda: "这个批次做完了" in page.text(f"/bulk/{batch_id}/live"))
    agent.over.set()
    agent.join(PATIENCE)
    told = page.text(f"/bulk/{batch_id}")
    for words in ("做成 2 / 2", "好卡盒 2", "同一张卡再放一次 1", "还差 0"):
        assert words in told
    report_ = page.get(f"/bulk/{batch_id}/report.csv").data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[3] for line in report_] == ["状态", "做成", "做成"]
    assert page.post(f"/bulk/{batch_id}", deed="pause").status_code == 409


def test_who_may_not_load_sees_no_bulk_page_and_a_batch_can_be_paused(office: Office) -> None:
    """An auditor is refused; a paused run ends by itself and says so."""
    assert office.page("auditor").get("/bulk").status_code == 403
    page = office.page("clerk", "ws-1")
    batch_id = upload(page, people_file(1), "load").headers["Location"].rsplit("/", 1)[1]
    Agent(office, batch_id, [])
    assert page.post(f"/bulk/{batch_id}", deed="start", reader="R").status_code == 303
    assert page.post(f"/bulk/{batch_id}", deed="pause").status_code == 303
    until(lambda: "批次已暂停" in page.text(f"/bulk/{batch_id}/live"))
    assert page.get("/bulk/nothing").status_code == 404


def test_a_run_whose_process_is_gone_is_told_and_started_again(office: Office) -> None:
    """While its process says that it lives, no second run begins."""
    page, world = office.page("clerk", "ws-1"), office.world
    batch_id = upload(page, people_file(1), "load").headers["Location"].rsplit("/", 1)[1]
    Agent(office, batch_id, [])
    claim(world.store, "ws-1", batch_id, ["R"], by=office.people["clerk"], now=world.now)
    assert page.post(f"/bulk/{batch_id}", deed="start", reader="R").status_code == 409
    with world.store.begin() as uow:
        row_ = uow.bulk_stations.get("ws-1")
        assert row_
        uow.bulk_stations.change(row_, alive_at=world.now - AWAY_AFTER)
        uow.commit()
    assert "制卡进程中断了" in page.text(f"/bulk/{batch_id}")
    assert page.post(f"/bulk/{batch_id}", deed="start", reader="R").status_code == 303
    assert page.post(f"/bulk/{batch_id}", deed="pause").status_code == 303
    until(lambda: "批次已暂停" in page.text(f"/bulk/{batch_id}/live"))


def test_a_lost_card_is_given_up_and_its_person_gets_another(office: Office) -> None:
    """From its line on the page, while the run goes on; the lost one is counted for the bad bin if it comes back."""
    page = office.page("clerk", "ws-1")
    batch_id = upload(page, people_file(1), "load").headers["Location"].rsplit("/", 1)[1]
    lost, other = blanks(2)
    lost.plan = FaultPlan(tear_after_command=40)
    agent = Agent(office, batch_id, [lost])
    assert "作废，给这个人另做一张" not in page.text(f"/bulk/{batch_id}")
    assert page.post(f"/bulk/{batch_id}", deed="start", reader="R").status_code == 303
    agent.start()
    until(lambda: "作废，给这个人另做一张" in page.text(f"/bulk/{batch_id}"))
    agent.join(PATIENCE)
    assert page.post(f"/bulk/{batch_id}", deed="give_up", line="2").status_code == 303
    assert [page.post(f"/bulk/{batch_id}", deed="give_up", line=line).status_code for line in ("2", "3", "x", "")] == [409] * 4
    again = Agent(office, batch_id, [lost, other])
    again.start()
    until(lambda: "这个批次做完了" in page.text(f"/bulk/{batch_id}/live"))
    again.over.set()
    again.join(PATIENCE)
    for words in ("做成 1 / 1", "好卡盒 1", "废卡盒 1"):
        assert words in page.text(f"/bulk/{batch_id}")


def zipped(files: dict[str, bytes]) -> bytes:
    """A ZIP file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return packed.getvalue()


def send_photos(page: Page, batch: str, files: list[tuple[bytes, str]], consent: str = "1") -> TestResponse:
    """The form with these files."""
    given = [(io.BytesIO(content), name) for content, name in files]
    return page.post(f"/bulk/{batch}/photos", photo=given, consent=consent)  # type: ignore[arg-type]


def test_photos_come_with_the_form_in_a_zip_or_one_by_one_and_bad_ones_are_told_by_their_line(office: Office) -> None:
    """All or none; a ZIP that is none, or two of one name, is told; what is there already is not kept twice."""
    page = office.page("clerk", "ws-1")
    batch = upload(page, people_file(4), "load").location.rpartition("/")[2]
    first, second, third, fourth = (person(number).id_number for number in range(1, 5))
    good = sample_photo()
    bad = zipped({f"班级/{first}.jpg": good, f"{second}.JPG": sample_photo(100, 100), "x.jpg": good, "__MACOSX/._y.jpg": b""})
    answer = send_photos(page, batch, [(bad, "photos.zip")])
    told = plain(answer.text)
    assert (answer.status_code, "2 个照片文件不能用" in told) == (422, True)
    assert ("3 不合照片规则" in told, "批次里没有这个身份证号" in told) == (True, True), told
    assert send_photos(page, batch, [(b"PK no zip", "photos.zip")]).status_code == 422
    assert (
        "bulk_photo_twice" in send_photos(page, batch, [(zipped({f"{first}.jpg": good}), "a.zip"), (good, f"{first}.jpg")]).text
    )
    assert "consent_missing" in send_photos(page, batch, [(good, f"{first}.jpg")], consent="").text
    with office.world.store.read() as uow:
        assert uow.citizen_photos.where() == []
    done = send_photos(page, batch, [(zipped({f"{first}.jpg": good, f"{second}.jpg": good}), "p.zip"), (good, f"{third}.jpg")])
    assert "新存照片 3 · 以前已有 0 · 还没有照片的行 1：5" in plain(done.text)
    assert "新存照片 0 · 以前已有 1" in plain(send_photos(page, batch, [(good, f"{third.lower()}.jpg")]).text)
    assert fourth not in plain(done.text)
    assert office.page("auditor").post(f"/bulk/{batch}/photos", consent="1").status_code == 403
