"""Every page that staff can come to: nothing on it is too small to be pressed, cut off, or wider than the screen, and all of
it is in words."""

import pytest
from playwright.sync_api import Browser, expect

from cardsvc.bootstrap import now
from cardsvc.service.cards.consignments import count_in, receive, send_cards
from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement
from cardsvc.service.desk.workstations import actor_of
from cardsvc.service.purse.payments import Payment
from cardsvc.service.stock.blanks import delivery_of, hand_to_desk
from cardsvc.service.stock.blanks import receive as deliver
from tests.page.conftest import WS, Desk, Hall, opened
from tests.page.every_page import Screens, sort_of, walk
from tests.page.plain_words import identifiers_on
from tests.page.test_consignments import made_for, west
from tests.page.test_manage_pages import furnish, person
from tests.screens import COOKIE, paired
from tests.service.bulk.bulk_people import loaded
from tests.service.cards.test_card_requests import take

pytestmark = pytest.mark.usefixtures("own_pcscd")
DOORS = {"home", "sign_in_form", "unlock_form", "work_place", "static"}
"""Seen before anybody comes in, or only led away from."""
FOR_TRAINING = {"sample_cards", "printed_face"}
PARTS = {"events", "here", "job_forms", "live_job", "live_work", "queue_lists", "bulk_live", "face_live", "faces_live"} | {
    "hall_display_live",
    "appraisal_live",
    "manage_hall_live",
    "ticket_machine_live",
}
"""What a page fetches of itself."""
FILES = {"bulk_report", "face_paper", "face_photo", "manage_day_sheet", "manage_figures_chart", "manage_figures_csv"} | {
    "manage_rules_text",
    "manage_differences_csv",
    "manage_stars_csv",
    "manage_stock_protocol",
    "receipt",
    "request_photo",
}


def things_that_wait(desk: Desk) -> None:
    """A bulk batch, an application, a replacement, a bag that lacked a card, one to be sent; and a card lies on the reader."""
    world = desk.world
    with world.store.read() as uow:
        clerk, chief = (person(uow.staff.get(name)) for name in ("clerk", "chief"))
    loaded(world, clerk, 2, first=20)
    take(world, clerk, world.citizen(11))
    damaged = world.card_no_of(world.issue("fudan-fmcos2", 12))
    actor, cash = actor_of(world.store, WS, by=clerk), Payment(method="cash")
    begin_replacement(
        world.store,
        world.engine.rules,
        actor,
        ReplacementRequest(card_no=damaged, reason="damaged", payment=cash, readable=True),
        by=clerk,
        now=world.now,
    )
    other = west(desk)
    coming = [made_for(desk, number, clerk, "ws-w", other) for number in (13, 14)]
    bag = send_cards(world.store, world.engine.rules, "hall", coming, "W-1", by=other, now=world.now).consignment_id
    count_in(world.store, world.engine.rules, coming[0], by=clerk, now=world.now, consignment_id=bag)
    receive(world.store, world.engine.rules, bag, all_there=False, by=clerk, now=world.now)
    made_for(desk, 15, other, "ws-h", clerk)
    blanks = {"batch_id": "M-1", "family": "mingwah-smartcos", "supplier": "演示供应商", "count": 9, "transport_version": 1}
    deliver(world.engine, delivery_of(**blanks, first_serial="01" * 8, last_serial="01" * 7 + "09"), by=chief)
    hand_to_desk(world.store, "M-1", 5, f"terminal:{WS}", "clerk", by=chief, now=world.now)
    desk.hall.put(world.issue("fudan-fmcos2", 5))


def something_done(desk: Desk) -> None:
    """A shift is open, and a job was done."""
    desk.press("d")
    desk.sees("点清备用金")
    desk.press("Enter")
    desk.sees("点数交班")
    desk.press("Escape")
    desk.sees("开通应用")
    desk.press("1")
    desk.type("50")
    desk.press("Enter")
    expect(desk.page.locator(".job.well")).to_be_visible()


def in_english(desk: Desk) -> None:
    """From here on."""
    with desk.page.expect_navigation():
        desk.page.get_by_role("button", name="English").click()
    desk.sees("Lock")


def test_everything_on_every_page_can_be_read_and_pressed(hall: Hall, browser: Browser) -> None:
    """As a clerk, a supervisor (in English) and an administrator come to them; on the desk's screen, at twice the type, and on
    a tablet. Nothing is wider than its place, and no identifier stands among the words."""
    seen: set[str] = set()
    wrong: list[str] = []
    for who in ("clerk", "chief", "admin"):
        desk = Desk(hall, opened(browser, 1024))
        screens = Screens(desk.page)
        if who == "clerk":
            furnish(desk)
            things_that_wait(desk)
        desk.page.goto(hall.url)
        wrong += [f"sign-in, {one}" for one in screens.wrong()]
        desk.sign_in(who)
        if who == "clerk":
            something_done(desk)
        if who == "chief":
            in_english(desk)
        for sort in walk(hall.app, desk.page, [f"{hall.url}/desk/"]):
            seen.add(sort.partition(" ")[0])
            wrong += [f"{who}, {sort}, {one}" for one in (*screens.wrong(), *identifiers_on(desk.page, sort))]
        desk.page.context.close()
    for path in ("", "display", "tickets", f"appraise/{WS}"):
        page = opened(browser, 1024)
        if path:
            page.context.add_cookies([{"name": COOKIE, "value": paired(hall.world.store, path, now()), "url": hall.url}])
        page.goto(f"{hall.url}/hall")
        seen.add(str(sort_of(hall.app, page.url)))
        wrong += [f"{path or 'code'}, {one}" for one in Screens(page).wrong()]
        page.context.close()
    every = {rule.endpoint for rule in hall.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert every - seen == DOORS | FOR_TRAINING | PARTS | FILES
    assert not wrong, "\n".join(wrong)
