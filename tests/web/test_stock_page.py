"""The stock page: the keeper's whole day through its forms, who may see it, and what a refusal says."""

import re

from cardsvc.service.staff.accounts import NewStaff, add_staff
from tests.service.stock.blanks import FAMILY, serial
from tests.web.desk_office import PASSWORD, Office, Page


def keeper(office: Office) -> Page:
    """The stock keeper signs in."""
    add_staff(
        office.world.store,
        NewStaff("keeper", "库管", "stock_keeper", "hall"),
        PASSWORD,
        office.world.now,
        by=office.people["admin"],
    )
    return office.page("keeper")


def deed(page: Page, name: str, **form: str) -> int:
    """A form of the stock page; how it was answered."""
    return page.post("/manage/stock", deed=name, batch="FM-1", **form).status_code


DELIVERY = {
    "batch_id": "FM-1",
    "family": FAMILY,
    "supplier": "演示卡厂",
    "count": "10",
    "first_serial": serial(1),
    "last_serial": serial(10),
    "transport_version": "1",
}


def test_the_keeper_receives_hands_out_counts_and_asks_for_destruction(office: Office) -> None:
    """Each step stands on the page; a second person agrees, and the protocol is there."""
    page = keeper(office)
    assert deed(page, "receive", **DELIVERY) == 303
    assert deed(page, "hand", count="5", desk="terminal:ws-1", receiver="clerk") == 303
    assert deed(page, "back", count="1", desk="terminal:ws-1") == 303
    assert deed(page, "send", count="2", to="west") == 303
    assert deed(page, "spoil", count="1", place="store", reason="读不出") == 303
    assert deed(page, "count", count="2", place="store") == 303
    told = page.text("/manage/stock")
    fmcos = "复旦 FMCOS 2.0（FM1208 系列）"
    for words in (f"库房 FM-1 {fmcos} 3", f"窗口 ws-1 FM-1 {fmcos} 4", f"废卡 FM-1 {fmcos} 1", "提请更正"):
        assert words in told
    count_id = page.get("/manage/stock").text.split('name="count_id" value="')[1].split('"')[0]
    assert deed(page, "difference", count_id=count_id, reason="短少") == 303
    assert deed(page, "destroy", reason="月末", **{"void_FM-1": "1"}) == 303
    chief = office.page("chief")
    with office.world.store.read() as uow:
        waiting = [row.approval_id for row in uow.approvals.open()]
    for approval_id in waiting:
        assert chief.post(f"/approvals/{approval_id}", decision="approve").status_code == 303
    assert f"库房 FM-1 {fmcos} 2" in page.text("/manage/stock")
    link = page.get("/manage/stock").text.split("/desk/manage/stock/protocol/")[1].split('"')[0]
    assert page.get(f"/manage/stock/protocol/{link}").data.startswith(b"%PDF")


def test_a_refusal_is_told_on_the_page_and_others_do_not_see_it(office: Office) -> None:
    """Clerks are not let in, auditors only look, the keeper sees no other management page; English has no Chinese."""
    page = keeper(office)
    assert deed(page, "receive", **DELIVERY) == 303
    answer = page.post("/manage/stock", deed="hand", batch="FM-1", count="11", desk="terminal:ws-1", receiver="clerk")
    assert (answer.status_code, "账上只有 10 张，不够 11 张" in answer.text) == (409, True)
    assert deed(page, "hand", count="many", desk="terminal:ws-1", receiver="clerk") == 422
    assert deed(page, "burn") == 422
    assert page.get("/manage/day").status_code == 403
    assert office.page("clerk").get("/manage/stock").status_code == 403
    assert 'name="deed"' not in office.page("auditor").get("/manage/stock").text
    assert "Where they are" in office.page("auditor", language="en").text("/manage/stock")


def test_a_delivery_that_is_refused_keeps_what_was_typed(office: Office) -> None:
    """Serials of sixteen characters are not typed twice; its part stays open, and the others keep nothing of it."""
    page = keeper(office)
    assert deed(page, "receive", **DELIVERY) == 303
    typed = {**DELIVERY, "batch_id": "FM-2", "first_serial": serial(30), "last_serial": serial(21), "transport_version": "3"}
    answer = page.post("/manage/stock", deed="receive", **typed)
    assert answer.status_code == 422
    form = answer.text.split('name="deed" value="receive"')[1].split("</form>")[0]
    for name, value in typed.items():
        kept = rf'<option value="{value}" selected>' if name == "family" else rf'name="{name}"[^>]* value="{value}"'
        assert re.search(kept, form), name
    assert re.search("<details open><summary>入库", answer.text)
    assert answer.text.count(serial(30)) == 1
    assert re.search(r'name="count"[^>]* value=""', answer.text.split('name="deed" value="hand"')[1])
