"""``cardsvc terminal``: registering terminals, and being one."""

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import click

from cardsvc.cli.card.command import METHODS, area_option, identity_options, identity_params, month_option, product_option
from cardsvc.cli.card.results import result_lines
from cardsvc.cli.certify.command import certify, relay
from cardsvc.cli.shared.connection import Connection, connection_options, key_option
from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.local import card_channel, file_option, reader_option, wait_option
from cardsvc.cli.shared.output import json_option, listed, said, say, show, t
from cardsvc.cli.terminals.admin import ADMINISTRATION
from cardsvc.units import parse_yuan


def _carrying(function: Callable[..., None]) -> Callable[..., None]:
    """The options of a terminal that carries an operation to the card in a reader."""
    for option in (json_option, file_option, wait_option, reader_option, connection_options):
        function = option(function)
    return function


@click.group(help=t("终端：登记、停用、充值", "Terminals: register, suspend, top up"))
def terminal() -> None:
    """Group of terminal commands."""


for command in (*ADMINISTRATION, certify, relay):
    terminal.add_command(command)


@terminal.command(
    "key",
    help=t(
        "在终端上新建密钥，显示公钥供登记；已有的只显示",
        "Make the terminal's key and show its public half, or that of one that is there",
    ),
)
@key_option
def make_key(key_file: Path) -> None:
    """Make a terminal key; one that is there already is shown."""
    from cardsvc.client import create_key, load_key
    from cardsvc.signature import public_hex

    there = key_file.exists()
    public = public_hex(load_key(key_file) if there else create_key(key_file))
    if there:
        say(f"{key_file} 已有，没有改动", f"{key_file} is there already and was not changed")
    click.echo(public)


@terminal.command("list", help=t("列出终端", "List terminals"))
@json_option
def list_(*, as_json: bool) -> None:
    """List terminals."""
    from cardsvc.service.terminals.registry import terminals_view

    with database() as store:
        found = terminals_view(store)
    show(found, as_json=as_json, lines=lambda: _terminal_lines(found))


def _terminal_lines(found: list[dict[str, Any]]) -> list[str]:
    from cardsvc.service.words.codes import ROLES, TERMINAL_STATES

    head = (t("终端", "Terminal"), t("名称", "Name"), t("终端号", "Number"), t("角色", "Role"), t("状态", "State"))
    rows = [
        (r["terminal_id"], r["name"], r["terminal_no"], said(ROLES, r["role"]), said(TERMINAL_STATES, r["state"]))
        for r in found
    ]
    return listed(rows, t("还没有终端", "No terminals yet"), head)


@terminal.command(help=t("作为终端充值：金额以元为单位", "Top up as a terminal: the amount in yuan"))
@click.argument("amount")
@click.option("--method", type=METHODS, default="cash", show_default=True, help=t("付款方式", "How it was paid"))
@click.option("--reference", default=None, help=t("付款凭证号；现金以外必填", "Reference of the payment; cash has none"))
@area_option
@month_option
@product_option
@_carrying
def topup(amount: str, method: str, reference: str | None, card_file: str | None, *, as_json: bool, **given: Any) -> None:
    """Top up through the HTTP API."""
    area = {name: given.pop(name) for name in ("area", "month", "product")}
    params = {"amount": int(parse_yuan(amount)), "payment": {"method": method, "reference": reference}, **area}
    result = _carry("topup", params, card_file, **given)
    show(result, as_json=as_json, lines=lambda: result_lines("topup", result))


@terminal.command(help=t("作为终端补登：把线上付款的充值写进卡里", "Write a load that was paid online, as a terminal"))
@click.option("--order", "order_id", default=None, help=t("订单号；默认最早的一笔", "Order id; the oldest by default"))
@_carrying
def fetch(order_id: str | None, card_file: str | None, *, as_json: bool, **given: Any) -> None:
    """Fetch an order through the HTTP API."""
    result = _carry("fetch", {"order_id": order_id}, card_file, **given)
    show(result, as_json=as_json, lines=lambda: result_lines("fetch", result))


@terminal.command(help=t("作为终端检视卡片", "Inspect a card as a terminal"))
@_carrying
def inspect(card_file: str | None, *, as_json: bool, **given: Any) -> None:
    """Inspect through the HTTP API."""
    result = _carry("inspect", {}, card_file, **given)
    show(result, as_json=as_json, lines=lambda: result_lines("inspect", result))


@terminal.command(
    help=t("作为别的单位的窗口核验身份（角色 bureau）", "As another bureau's window: whose card is it (role bureau)")
)
@identity_options
@_carrying
def identity(bureau: str, purpose: str, law: str | None, card_file: str | None, *, as_json: bool, **given: Any) -> None:
    """Ask through the HTTP API whose a card is."""
    result = _carry("identity", identity_params(bureau, purpose, law), card_file, **given)
    show(result, as_json=as_json, lines=lambda: result_lines("identity", result))


@terminal.command(
    "hotlist",
    help=t("作为终端更新黑名单，逐行列出卡号", "Bring this terminal's hot list up to date, and list its cards line by line"),
)
@click.option(
    "--public-key", required=True, help=t("服务的名单公钥（64 个十六进制数字）", "Key of the service's lists, 64 hex digits")
)
@connection_options
@json_option
def hotlist(public_key: str, connection: Connection, *, as_json: bool) -> None:
    """Bring the hot list up to date."""
    from cardsvc.client.hotlist import sync_hot_list

    try:
        known = bytes.fromhex(public_key)
    except ValueError:
        raise click.BadParameter(t("不是十六进制", "not hex"), param_hint="--public-key") from None
    with connection.open() as port:
        copy = sync_hot_list(port, known, connection.key_file.with_suffix(".hotlist"))
    cards = sorted(copy.cards)
    found = {"version": copy.version, "cards": cards}
    show(found, as_json=as_json, lines=lambda: [f"listed {card_no}" for card_no in cards])


@terminal.command(
    "run",
    help=t(
        "作为充值终端运行：放卡、输金额；--script 时逐行读 JSON",
        "Be a top-up terminal: cards and amounts by hand, or with --script a job in each line of JSON",
    ),
)
@click.option(
    "--script", type=click.File(encoding="utf-8"), help=t("每行一笔业务的文件，- 为标准输入", "A job a line; - for stdin")
)
@connection_options
@reader_option
@wait_option
@file_option
def run_(script: IO[str] | None, connection: Connection, reader: str | None, wait: float, card_file: str | None) -> None:
    """Be a terminal."""
    from cardsvc.cli.terminals.run import by_hand, by_script, signed_on

    with signed_on(connection, reader, card_file) as station:
        code = by_script(station, script, wait) if script is not None else by_hand(station)
    raise click.exceptions.Exit(code)


def _carry(kind: str, params: Any, card_file: str | None, *, connection: Connection, reader: str | None, wait: float) -> Any:
    """One job, after what a crash left of earlier ones is told."""
    from cardsvc.cli.terminals.run import opened
    from cardsvc.client.jobs import run_job

    with opened(connection) as (port, journal), card_channel(reader, wait, card_file) as channel:
        return run_job(port, journal, channel, kind, params)
