"""Every line of work at the card window has its flow: the jobs on a card, pages, commands and rules that serve it."""

from pathlib import Path

import pytest
from flask import Flask

from cardsvc.bootstrap import Services
from cardsvc.cli.main import COMMANDS
from cardsvc.config import Settings
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.operation_kinds import KINDS
from cardsvc.web.desk import create_desk
from cardsvc.web.desk.jobs import JOBS
from tests.templates import compiled_once
from tests.world import World, profiles, rules

WINDOW: dict[str, tuple[str, ...]] = {
    "市民卡取号系统": ("page:take_ticket", "page:queue_deed", "command:queue", "rule:ticket"),
    "休息区、取号引导牌": ("page:hall_display", "page:queue_number"),
    "专职取号、引导人员": ("page:queue_page", "rule:papers"),
    "五个营业厅": ("page:manage_outlets", "rule:hours", "rule:promise"),
    "申领": ("page:apply_new", "page:card_requests", "rule:person", "rule:photo", "command:rights"),
    "发放": ("page:hand_out_card", "page:handout", "page:face_paper", "command:handout", "command:notices", "rule:uncollected"),
    "挂失": ("page:card_deed", "command:loss", "command:hotlist", "rule:loss", "two:release_from_hot_list"),
    "换卡、补换卡": ("page:begin_replace", "job:transfer_out", "job:carry_over", "job:transfer_in", "rule:fee"),
    "到期换卡": ("page:begin_replace", "rule:renewal"),
    "姓名、证件变更": ("page:person_deed", "job:repair", "command:citizen", "rule:change", "two:citizen_change"),
    "持卡人身故": ("page:person_deed", "page:card_deed", "rule:heir", "two:citizen_death"),
    "现场卡片检测": ("job:diagnose", "job:repair", "command:card"),
    "现场制卡": (
        "job:personalise",
        "job:first_article",
        "command:bulk",
        "command:stock",
        "page:bulk_batches",
        "page:manage_stock",
    ),
    "2 小时 → 1 小时": ("page:card_requests", "page:manage_hall", "rule:promise"),
    "城市通开通": ("job:topup", "job:open"),
    "公交 A、D、T 充值": ("job:topup", "job:fetch", "rule:load", "rule:stop"),
    "停用产品换杭州通": ("page:begin_replace", "job:swap", "job:migrate", "rule:swap"),
    "个人信息保护": ("page:person_deed", "command:citizen", "rule:keeping"),
    "学生卡年审": ("job:review", "rule:opening"),
    "停车卡售卖、充值": ("job:open", "job:topup"),
    "杭州图书馆应用开通": ("job:open", "page:card_deed", "rule:deposit", "command:outbox", "page:manage_library"),
    "公园年卡功能开通": ("job:open", "rule:opening"),
    "绿色通道": ("page:queue_green", "rule:green"),
    "聋哑人": ("page:dialogue",),
    "特殊 case 上海知青": ("page:apply_new", "rule:right"),
    "一条龙": ("page:card_request", "rule:correction"),
    "公积金": ("job:identity",),
    "评价仪": ("page:appraisal_screen", "rule:appraisal"),
    "服务之星": ("page:manage_stars",),
    "每日晨会、现场巡视": ("page:hall_book", "page:hall_book_note", "rule:checklist"),
    "优化流程、部门间流转": ("page:manage_suspects", "page:manage_differences", "page:approvals"),
    "规定重新论证": ("page:manage_rules", "command:rules", "two:rule_set"),
    "12345、投诉": ("page:complaints", "command:complaint", "rule:complaint"),
    "周末、午间": ("rule:hours", "page:manage_outlets"),
}
"""Line of work, and what serves it: page (an endpoint), job (a kind of operation that the page offers), command, rule, two (a
decision of two people)."""


DONE: dict[str, str] = {
    "市民卡取号系统": "page/test_hall_screens.py::test_a_number_from_the_machine_to_the_appraisal",
    "休息区、取号引导牌": "page/test_hall_screens.py::test_a_number_from_the_machine_to_the_appraisal",
    "专职取号、引导人员": "web/test_queue_page.py::test_a_called_number_comes_with_the_papers_that_its_job_asks_for",
    "五个营业厅": "web/test_card_window.py::test_a_card_that_is_applied_for_where_none_are_made_is_made_at_the_centre",
    "申领": "page/test_apply.py::test_from_the_id_number_to_the_holders_hand",
    "发放": "web/test_card_window_more.py::test_who_does_not_collect_is_told_again_from_the_list",
    "挂失": "web/test_card_window_more.py::test_a_lost_card_that_is_found_again_is_released_by_two_and_works",
    "换卡、补换卡": "page/test_fault_flows.py::test_a_card_is_replaced_from_card_in_to_receipt_in_at_most_twelve_presses",
    "到期换卡": "web/test_card_window_more.py::test_a_card_is_renewed_before_it_is_over",
    "姓名、证件变更": "page/test_life.py::test_a_new_name_means_a_new_card_with_the_old_ones_applications_and_money",
    "持卡人身故": "web/test_card_window_more.py::test_a_dead_holders_card_is_refunded_to_the_heir_and_ends",
    "现场卡片检测": "page/test_fault_flows.py::test_a_full_diagnosis_ends_in_a_report_that_prints",
    "现场制卡": "page/test_bulk_page.py::test_blanks_are_received_and_handed_out_and_bulk_follows_each_card_by_itself",
    "2 小时 → 1 小时": "web/test_manage.py::test_the_hall_shows_the_cards_that_are_promised",
    "城市通开通": "page/test_flows.py::test_a_card_is_topped_up_from_sign_in_to_receipt",
    "公交 A、D、T 充值": "web/test_form_day.py::test_a_small_day_through_the_forms_of_the_page",
    "停用产品换杭州通": "web/test_card_window.py::test_a_withdrawn_product_is_swapped_on_its_card",
    "个人信息保护": "page/test_handout.py::test_photos_of_a_batch_and_of_a_person_have_their_place",
    "学生卡年审": "web/test_card_window_more.py::test_a_pupils_card_is_reviewed_and_goes_on",
    "停车卡售卖、充值": "web/test_card_window_more.py::test_a_parking_card_is_sold_loaded_and_paid_back",
    "杭州图书馆应用开通": "web/test_card_window_more.py::test_the_library_hears_of_opening_loss_and_the_next_card",
    "公园年卡功能开通": "web/test_card_window_more.py::test_a_park_pass_is_sold_and_its_fee_has_a_receipt",
    "绿色通道": "web/test_queue_page.py::test_the_green_channel_calls_the_colleague_who_signs",
    "聋哑人": "page/test_hall_desk.py::test_a_wrong_ticket_a_green_one_and_a_written_dialogue",
    "特殊 case 上海知青": "web/test_card_window.py"
    "::test_the_friend_of_somebody_from_elsewhere_collects_the_card_that_waited_for_a_right",
    "一条龙": "page/test_apply.py::test_what_waits_for_the_insurance_offices",
    "公积金": "web/test_form_day.py::test_a_small_day_through_the_forms_of_the_page",
    "评价仪": "page/test_hall_screens.py::test_a_number_from_the_machine_to_the_appraisal",
    "服务之星": "web/test_hall_book.py::test_service_stars_of_a_quarter_as_a_page_and_a_file",
    "每日晨会、现场巡视": "web/test_hall_book.py::test_the_morning_is_gone_through_item_by_item",
    "优化流程、部门间流转": "web/test_manage.py::test_a_difference_is_taken_proposed_and_booked_by_the_second_person",
    "规定重新论证": "cli/test_rules_cli.py::test_two_people_change_the_rules",
    "12345、投诉": "web/test_hall_book.py::test_a_complaint_goes_from_the_desk_to_its_answer",
    "周末、午间": "web/test_staff_pages.py::test_outlets_show_the_hours_of_the_rules",
}
"""Line of work, and the test that does it to its end as its people would."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The desk application."""
    world = World(tmp_path_factory.mktemp("window") / "city.db")
    return compiled_once(create_desk(Services(Settings(), world.store, world.engine, profiles(), world.engine.rules)))


def served_by(page: Flask) -> set[str]:
    """Everything that may serve a line."""
    found = {f"page:{rule.endpoint}" for rule in page.url_map.iter_rules()}
    found |= {f"job:{kind}" for kind in JOBS if kind in KINDS}
    found |= {f"command:{name}" for name in COMMANDS} | {f"two:{kind}" for kind in APPROVALS}
    return found | {f"rule:{table}" for table, _number, _rule in rules().every()}


def test_every_line_of_the_card_window_is_served(page: Flask) -> None:
    """What is named here is there; whoever renames a page sees which line of work it serves."""
    there = served_by(page)
    assert {line: missing for line, names in WINDOW.items() if (missing := set(names) - there)} == {}


def test_every_job_of_the_page_belongs_to_a_line_of_work() -> None:
    """But for those that belong to all of them."""
    used = {name.removeprefix("job:") for names in WINDOW.values() for name in names if name.startswith("job:")}
    assert set(JOBS) - used == {"block", "catch_up", "unblock", "close", "refund", "replace", "retire"}


def test_every_line_of_the_card_window_is_done_to_its_end_by_a_test() -> None:
    """By one that is there."""
    assert set(DONE) == set(WINDOW)
    tests = Path(__file__).parent.parent.parent
    for line, named in DONE.items():
        file, _, name = named.partition("::")
        assert f"def {name}(" in (tests / file).read_text("utf-8"), line
