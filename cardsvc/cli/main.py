"""``cardsvc``: one command for each job. Commands are loaded when they are used, so ``--help`` is quick."""

import gc
import importlib
import os
import sys
from typing import Any

import click

from cardsvc import __version__
from cardsvc.cli.shared.output import t
from cardsvc.cli.shared.usage import speak_here

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Loading a command makes more than 100,000 objects that stay: Python's 700 looked through them for a tenth of the time."""
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": (
        "cardsvc.cli.practice.demo:demo",
        t("从空白卡到充值的完整演示", "The whole story: from a blank card to a topped-up one"),
    ),
    "serve": ("cardsvc.cli.serve.command:serve", t("启动 HTTP 接口服务", "Serve the HTTP API")),
    "desk": ("cardsvc.cli.serve.desk:desk", t("启动窗口网页（工作台）", "Serve the desk page")),
    "card": (
        "cardsvc.cli.card.command:card",
        t("办理读卡器里的卡：检视、个人化、开通、充值……", "Jobs on the card in the reader"),
    ),
    "citizen": ("cardsvc.cli.citizens.citizen:citizen", t("市民：登记、变更、身故", "People: register, change, death")),
    "bulk": ("cardsvc.cli.making.bulk:bulk", t("批量制卡：一份名单的卡", "Bulk issue: the cards of a file of people")),
    "stock": (
        "cardsvc.cli.making.stock:stock",
        t("白卡库存：入库、领用、盘点、销毁", "Blank cards: receive, hand out, count, destroy"),
    ),
    "rights": (
        "cardsvc.cli.citizens.rights:rights",
        t("社保、医保数据：导入、监视目录", "Data of the insurance offices: import, watch a folder"),
    ),
    "handout": (
        "cardsvc.cli.citizens.handout:handout",
        t("发放：待领取的卡，交卡，再通知", "Handing out: cards that wait, giving one, telling holders again"),
    ),
    "consignment": (
        "cardsvc.cli.citizens.consignment:consignment",
        t("送卡、收卡：在一处做、在另一处领的卡", "Cards that are made at one outlet and collected at another"),
    ),
    "notices": (
        "cardsvc.cli.citizens.notices:notices",
        t("给市民的通知：发送、列表、重发", "Messages to citizens: send, list, try again"),
    ),
    "outbox": ("cardsvc.cli.citizens.outbox:outbox", t("发给图书馆系统的通知", "Notices to the library's system")),
    "terminal": (
        "cardsvc.cli.terminals.terminal:terminal",
        t("终端：登记、停用、充值", "Terminals: register, suspend, top up"),
    ),
    "agent": ("cardsvc.cli.terminals.agent:agent", t("窗口电脑上的读卡代理", "The agent on a desk PC: its readers and cards")),
    "workstation": (
        "cardsvc.cli.terminals.workstation:workstation",
        t("工作台：读卡器里有什么，替窗口发起业务", "Workstations: what is in their readers, jobs on it"),
    ),
    "order": (
        "cardsvc.cli.money.order:order",
        t("补登订单：线上付款，刷卡时写卡", "Orders paid online, written at the next tap"),
    ),
    "readers": (
        "cardsvc.cli.machine.readers:readers",
        t("列出读卡器、卡和识别到的卡型", "Readers, cards and recognised profiles"),
    ),
    "vcard": (
        "cardsvc.cli.practice.vcard:vcard",
        t("把虚拟卡插进 PC/SC 虚拟读卡器", "Put a virtual card into the PC/SC virtual reader"),
    ),
    "profiles": (
        "cardsvc.cli.profiles.command:profiles",
        t("固件配置：列表、检查、查看", "Firmware profiles: list, check, show"),
    ),
    "rules": (
        "cardsvc.cli.staff.rules:rules",
        t("规则：查看、比较、提出、复核", "Rules: show, compare, propose, approve"),
    ),
    "keys": ("cardsvc.cli.machine.keys:keys", t("密钥库：新建、列表、录入、换版", "Key store: init, list, ceremony, roll")),
    "db": ("cardsvc.cli.machine.db:db", t("数据库：升级、检查账目", "Database: upgrade, check the books")),
    "audit": ("cardsvc.cli.staff.audit:audit", t("审计：校验账册链", "Audit: verify the ledger's chains")),
    "why": (
        "cardsvc.cli.staff.audit:why",
        t("一张卡的来龙去脉：业务、证据、账目", "One time line of a card: operations, evidence, ledger"),
    ),
    "staff": ("cardsvc.cli.staff.command:staff", t("员工和网点", "Staff and outlets")),
    "approvals": ("cardsvc.cli.staff.approvals:approvals", t("需要两人办理的事项", "Decisions of two people")),
    "shift": ("cardsvc.cli.money.shift:shift", t("班次：开班、交班、长短款", "Shifts and cash drawers")),
    "day": ("cardsvc.cli.money.day:day", t("日结、月结、更正", "Day-end, month-end, corrections")),
    "receipt": ("cardsvc.cli.money.receipt:receipt", t("凭证：打印、核验", "Receipts: print, check")),
    "hotlist": ("cardsvc.cli.terminals.hotlist:hotlist", t("黑名单", "Hot list")),
    "loss": ("cardsvc.cli.citizens.loss:loss", t("挂失", "Lost cards")),
    "queue": ("cardsvc.cli.hall.queue:queue", t("排队：取号、叫号", "The queue: numbers, calling")),
    "hall": ("cardsvc.cli.hall.hall:hall", t("大厅：评价、服务之星、晨会", "The hall: appraisals, service stars, notes")),
    "complaint": ("cardsvc.cli.hall.complaint:complaint", t("投诉", "Complaints")),
    "held": (
        "cardsvc.cli.money.held:held",
        t("代管余额：查看、提请、复核、退回", "Held money of old cards: list, ask, agree, pay back"),
    ),
    "suspects": ("cardsvc.cli.money.suspects:suspects", t("待核实的充值和消费", "Suspect loads and purchases")),
    "batch": ("cardsvc.cli.money.batch:batch", t("运营单位、渠道和终端的文件", "Files of operators, channels and terminals")),
    "reconcile": (
        "cardsvc.cli.money.reconcile:reconcile",
        t("对账：账册、卡片、文件三方核对", "Reconcile ledger, cards and files"),
    ),
    "doctor": ("cardsvc.cli.machine.doctor:doctor", t("检查本机部署", "Check this machine's deployment")),
    "simulate": (
        "cardsvc.cli.simulate.command:simulate",
        t("模拟一天：许多卡和终端，直到日结和对账", "Simulate a day of cards and terminals until it is reconciled"),
    ),
    "bench": ("cardsvc.cli.bench.command:bench", t("测速", "Measure speed")),
}


class _LazyGroup(click.Group):
    """A group that knows the names and summaries of its commands and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All command names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the commands without importing them."""
        with formatter.section(t("命令", "Commands")):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    help=t(
        "市民卡发卡与充值。语言由 CARDSVC_LANG=zh|en 或系统语言决定；其他设置见各命令的 --help。",
        "Citizen cards: issue, open, top up. CARDSVC_LANG=zh|en or the locale chooses the language.",
    ),
)
@click.version_option(__version__, help=t("显示版本。", "Show the version and exit."))
def cli() -> None:
    """Root of the command line."""


def _open_closed_streams() -> None:
    """What the caller closed (``>&-``) goes nowhere: the database, opened next, would get its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8"))  # noqa: SIM115 - for good


def main(args: list[str] | None = None) -> Any:
    """Entry point of the program: errors with a code become a message and an exit code, never a stack trace."""
    from cardsvc.cli.shared.output import guarded

    _open_closed_streams()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    speak_here()
    return sys.exit(guarded(lambda: cli.main(args, prog_name="cardsvc", standalone_mode=False)))
