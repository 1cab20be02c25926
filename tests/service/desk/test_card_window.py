"""Every line of work at the card window has its flow: the jobs on a card, pages, commands and rules that serve it."""

import pytest
from flask import Flask

from cardsvc.bootstrap import Services
from cardsvc.cli.main import COMMANDS
from cardsvc.config import Settings
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.catalogue import KINDS
from cardsvc.web.desk import create_desk
from cardsvc.web.desk.jobs import JOBS
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


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The desk application."""
    world = World(tmp_path_factory.mktemp("window") / "city.db")
    return create_desk(Services(Settings(), world.store, world.engine, profiles(), world.engine.rules))


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
    assert set(JOBS) - used == {"block", "unblock", "close", "refund", "replace"}
