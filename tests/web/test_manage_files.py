"""What the management pages count and give away as files: waiting and making time, batches, service stars, differences."""

import csv
import datetime as dt
import io
import re
from dataclasses import replace

from cardsvc.bootstrap import now
from cardsvc.card.profiles import recognise
from cardsvc.service.cash.shifts import close_shift, open_shift
from cardsvc.service.hall import desks, tickets
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.stock.blanks import delivery_of, receive
from cardsvc.vcard import Fault, VirtualCard, inflict
from tests.web.test_manage import Office, file_of, morning, office, own_office
from tests.world import profiles, rules

__all__ = ["morning", "office", "own_office"]


def test_how_long_people_waited_and_cards_took_and_which_batch_is_faulty(own_office: Office) -> None:
    """Means in minutes, of each kind and of everything; a card that was found wrong counts for the batch of its blank."""
    world, clerk, today = own_office.world, own_office.people["clerk"], local_day(now())
    store, book, asked = world.store, rules(), f"?from={today - dt.timedelta(days=1)}&to={today + dt.timedelta(days=1)}"
    desks.close_desk_of(store, "ws-1", by=own_office.people["chief"], now=world.now)
    desks.open_desk(store, book, "ws-1", ["loss"], by=clerk, now=world.now)
    for minutes in (6, 12):
        tickets.take(store, book, "hall", "loss", world.now)
        desks.call_next(store, by=clerk, now=world.now + dt.timedelta(minutes=minutes))
        desks.pass_over(store, by=clerk, now=world.now + dt.timedelta(minutes=minutes))
    blank = VirtualCard.blank("fudan-fmcos2", seed=77)
    serial = recognise(profiles(), blank.atr).chip_serial(blank.atr).hex().upper()
    keeper = replace(own_office.people["chief"], role="stock_keeper")
    given = {"family": "fudan-fmcos2", "supplier": "测试卡厂", "count": 1, "transport_version": 1}
    receive(world.engine, delivery_of(batch_id="B-77", first_serial=serial, last_serial=serial, **given), by=keeper)
    own_office.counter.do(blank, "personalise", citizen_id=world.citizen(77))
    inflict(blank, [Fault.parse("wrong-balance:12345")])
    own_office.counter.do(blank, "diagnose")
    found = file_of(own_office.page("auditor"), asked)
    waited = found["等候时间（分钟，平均）"]
    assert waited[0][1] == "全部"
    assert "9.0" in [dict(zip(waited[0], row, strict=True)).get("挂失、解挂") for row in waited[1:]]
    assert "写卡" in found["制卡时间（分钟，平均）"][0]
    batches = found["检测发现，按白卡批次（卡数）"]
    assert sum(int(dict(zip(batches[0], row, strict=True))["B-77"]) for row in batches[1:]) == 1
    shown = own_office.page("auditor").text(f"/figures{asked}")
    assert re.search(r"等候时间（分钟，平均） · 平均 \d+\.\d", shown)
    for table in ("waiting", "making", "batches"):
        assert own_office.page("auditor").get(f"/figures/{table}.svg{asked}").text.count("<rect") >= 1


def test_service_stars_tell_jobs_and_shifts_that_were_counted_wrong(own_office: Office) -> None:
    """The clerk did two top-ups and a diagnosis this morning; a drawer with a coin too many is an error of its teller."""
    world, clerk = own_office.world, own_office.people["clerk"]
    other = own_office.people["other"]
    shift = open_shift(world.store, ("terminal", "ws-2"), {}, by=other, now=world.now)
    close_shift(world.store, shift.shift_id, {"100": 1}, by=other, now=world.now)
    rows = list(csv.reader(io.StringIO(own_office.page("chief").get("/stars.csv").data.decode("utf-8-sig"))))
    head = next(row for row in rows if row and row[0] == "工号")
    found = {row[0]: dict(zip(head, row, strict=True)) for row in rows if len(row) == len(head)}
    assert (found[clerk.staff_id]["办成业务"], found[clerk.staff_id]["长短款班次"]) == ("3", "0")
    assert (found["other"]["办成业务"], found["other"]["长短款班次"]) == ("0", "1")


def test_differences_go_into_a_spreadsheet(office: Office) -> None:
    """Of one run in one state, in words; a run that there is not has no file."""
    page = office.page("auditor")
    link = re.search(r'/desk/manage(/differences/[0-9a-f-]{36}\.csv\?state=open)"', page.get("/differences").text)
    assert link
    answer = page.get(link[1])
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    (found,) = [
        dict(zip(row_head, row, strict=True)) for row_head in rows if "建议借方" in row_head for row in rows if "30.00" in row
    ]
    assert (found["差异"], found["状态"], found["金额（元）"]) == ("对方文件里的交易，我方没有", "未处理", "30.00")
    assert (found["建议借方"], found["建议贷方"]) == ("应缴 付款渠道 手机支付", "待退回 手机支付")
    assert page.get(link[1].replace("open", "corrected")).status_code == 200
    assert page.get(f"/differences/{'0' * 36}.csv").status_code == 404
