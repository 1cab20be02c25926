"""``cardsvc card``: jobs on the card in the reader."""

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import click

from cardsvc.cli.card import takeover
from cardsvc.cli.card.compare import compare
from cardsvc.cli.card.deposit import deposit
from cardsvc.cli.card.diagnose import diagnose
from cardsvc.cli.card.fee_back import fee_back
from cardsvc.cli.card.learn import learn
from cardsvc.cli.card.payment import given_option, payment_of
from cardsvc.cli.card.repair import repair
from cardsvc.cli.card.replay import replay
from cardsvc.cli.card.results import result_lines, transaction_lines
from cardsvc.cli.card.retire import retire
from cardsvc.cli.shared.days import MONTH
from cardsvc.cli.shared.local import books, card_channel, do, file_option, reader_option, services, trace_option, wait_option
from cardsvc.cli.shared.output import json_option, show, t
from cardsvc.units import parse_yuan

APPLICATIONS = click.Choice(["bus", "parking", "library", "park"])
BLOCKABLE = click.Choice(["purse", "bus", "parking", "library", "park", "all"])
METHODS = click.Choice(["cash", "bank_card", "mobile", "transfer", "credit_card"])
PRODUCTS = click.Choice(["citizen", "A", "B", "C", "D", "T", "parking"])
AREAS = click.Choice(["purse", "month", "season", "term"])


area_option = click.option("--area", type=AREAS, default="purse", show_default=True, help=t("资金区", "Money area"))
product_option = click.option(
    "--product", type=PRODUCTS, default=None, help=t("产品；默认城市通，月票区默认卡上的产品", "Product; by default the card's")
)
month_option = click.option(
    "--month",
    type=MONTH,
    callback=lambda _ctx, _param, month: month and f"{month:%Y-%m}",
    help=t("月份；默认本月", "Month; by default this one"),
)


@click.group(help=t("办理读卡器里的卡", "Jobs on the card in the reader"))
def card() -> None:
    """Group of card jobs."""


for _command in (*takeover.COMMANDS, compare, deposit, diagnose, fee_back, repair, retire):
    card.add_command(_command)


VERDICTS = {"first_article": "right", "identity": "valid"}
"""Jobs that judge the card, and where their result has the verdict."""


def _job(function: Callable[..., tuple[str, Mapping[str, Any]]]) -> Callable[..., int]:
    """A command that carries one operation to the card: the function gives its kind and parameters. Exit code 1 when the job
    judges the card, and it is not as it should be."""

    @json_option
    @reader_option
    @wait_option
    @file_option
    @trace_option
    @wraps(function)
    def command(*, as_json: bool, reader: str | None, wait: float, card_file: str | None, trace: bool, **given: Any) -> int:
        kind, params = function(**given)
        with services() as opened, card_channel(reader, wait, card_file, trace=trace) as channel:
            result = do(opened, channel, kind, params)
        show(result, as_json=as_json, lines=lambda: result_lines(kind, result))
        return 0 if result.get(VERDICTS.get(kind, ""), True) else 1

    return command


@card.command(help=t("检视：身份、应用、余额、交易记录；顺便结清未了的交易", "Identity, applications, balance, log"))
@_job
def inspect() -> tuple[str, Mapping[str, Any]]:
    """Look at the card."""
    return "inspect", {}


def identity_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Who asks whose a card is, and what for; the command gets them as ``identity_params`` takes them."""
    for option in (
        click.option(
            "--law",
            default=None,
            help=t("法律依据；不给出则为持卡人当面同意", "The law that allows it; without one, the holder agreed"),
        ),
        click.option("--purpose", required=True, help=t("用途", "What for")),
        click.option("--bureau", required=True, help=t("哪个单位", "Which bureau asks")),
    ):
        function = option(function)
    return function


def identity_params(bureau: str, purpose: str, law: str | None) -> Mapping[str, Any]:
    """Parameters of the operation ``identity``."""
    return {"bureau": bureau, "purpose": purpose, "consent": "law" if law else "holder", "basis": law}


@card.command(
    "catch-up",
    help=t("账册恢复后按卡补账：账上缺的充值，凭卡上的证明入账", "Book what restored books lack, by the card's own evidence"),
)
@_job
def catch_up() -> tuple[str, Mapping[str, Any]]:
    """Catch the books up with the card."""
    return "catch_up", {}


@card.command(
    help=t(
        "为别的窗口核验身份：卡真不真、有效不有效、是谁的；签名答复，不动钱包", "Identity for another bureau's window, signed"
    )
)
@identity_options
@_job
def identity(bureau: str, purpose: str, law: str | None) -> tuple[str, Mapping[str, Any]]:
    """Check the card for another bureau."""
    return "identity", identity_params(bureau, purpose, law)


@card.command(help=t("个人化：把空白卡做成市民卡；中断后再放同一张卡会续做", "Make a citizen card of a blank; resumes"))
@click.option("--citizen", required=True, help=t("市民编号，见 cardsvc citizen register", "Citizen id"))
@_job
def personalise(citizen: str) -> tuple[str, Mapping[str, Any]]:
    """Personalise a blank card."""
    return "personalise", {"citizen_id": citizen}


@card.command(
    "first-article", help=t("首件检验：重读刚做好的卡，与本人核对", "Read a card that was just made again, and compare")
)
@_job
def first_article() -> tuple[str, Mapping[str, Any]]:
    """Check a first article."""
    return "first_article", {}


@card.command("open", help=t("开通应用", "Open an application"))
@click.argument("application", type=APPLICATIONS)
@click.option("--product", default=None, help=t("公交产品 A B C D T；其他应用为资费类别", "Bus product, or tariff class"))
@click.option(
    "--holder", default="resident", show_default=True, help=t("人员类别（按证件）", "Class of the person, by the papers shown")
)
@click.option("--method", type=METHODS, default="cash", show_default=True, help=t("费用的付款方式", "How the fee was paid"))
@click.option("--reference", default=None, help=t("付款凭证号；现金以外必填", "Reference of the payment; cash has none"))
@given_option
@_job
def open_(application: str, product: str | None, holder: str, **payment: Any) -> tuple[str, Mapping[str, Any]]:
    """Open an application."""
    product = product or ("T" if application == "bus" else "1")
    return "open", {"application": application, "product": product, "holder": holder, "payment": payment_of(**payment)}


@card.command(help=t("关闭应用", "Close an application"))
@click.argument("application", type=APPLICATIONS)
@_job
def close(application: str) -> tuple[str, Mapping[str, Any]]:
    """Close an application."""
    return "close", {"application": application}


@card.command(help=t("充值，金额以元为单位，例如 100 或 100.50", "Top up; the amount in yuan, for example 100 or 100.50"))
@click.argument("amount")
@click.option("--method", type=METHODS, default="cash", show_default=True, help=t("付款方式", "How it was paid"))
@click.option("--reference", default=None, help=t("付款凭证号；现金以外必填", "Reference of the payment; cash has none"))
@given_option
@area_option
@month_option
@product_option
@_job
def topup(amount: str, method: str, reference: str | None, given: str | None, **area: Any) -> tuple[str, Mapping[str, Any]]:
    """Top up a money area."""
    return "topup", {"amount": int(parse_yuan(amount)), "payment": payment_of(method, reference, given), **area}


@card.command(help=t("补登：把线上付款的充值写进卡里", "Write a load that was paid online"))
@click.option("--order", "order_id", default=None, help=t("订单号；默认最早的一笔", "Order id; the oldest by default"))
@_job
def fetch(order_id: str | None) -> tuple[str, Mapping[str, Any]]:
    """Fetch an order."""
    return "fetch", {"order_id": order_id}


@card.command(help=t("消费（练习与测试用），金额以元为单位", "Spend (for practice and tests); the amount in yuan"))
@click.argument("amount")
@click.option("--merchant", default="bus", show_default=True, help=t("商户代码", "Merchant code"))
@area_option
@product_option
@click.option("--month-first", is_flag=True, help=t("先用月票区，不够再用城市通", "Month ticket first, then city purse"))
@_job
def spend(amount: str, merchant: str, **area: Any) -> tuple[str, Mapping[str, Any]]:
    """Spend from a money area."""
    return "purchase", {"amount": int(parse_yuan(amount)), "merchant": merchant, **area}


@card.command(
    help=t("退款：把余额取空，钱按来路退回；扣手续费", "Refund: draw an area to zero; the money goes back the way it came")
)
@area_option
@month_option
@product_option
@_job
def refund(**area: Any) -> tuple[str, Mapping[str, Any]]:
    """Refund a money area."""
    return "refund", area


@card.command(help=t("导入自行车公司的名单：租着车的卡不退款", "Import the bicycle company's list: no refund while one is out"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def bicycles(file: Path) -> None:
    """Import bicycles that are out, or back."""
    from cardsvc.bootstrap import now
    from cardsvc.service.purse.bicycles import apply_list, read_list

    lines = read_list(file)
    with books() as opened:
        changed = apply_list(opened.store, lines, file.name, now())
    click.echo(t(f"{len(lines)} 行，更新 {changed} 张卡", f"{len(lines)} lines, {changed} cards changed"))


@card.command(help=t("临时锁定应用", "Block an application for a time"))
@click.argument("application", type=BLOCKABLE)
@_job
def block(application: str) -> tuple[str, Mapping[str, Any]]:
    """Block an application."""
    return "block", {"application": application}


@card.command(help=t("解锁应用", "Unblock an application"))
@click.argument("application", type=BLOCKABLE)
@_job
def unblock(application: str) -> tuple[str, Mapping[str, Any]]:
    """Unblock an application."""
    return "unblock", {"application": application}


@card.command(help=t("学生卡年审：已看过学校证明", "The yearly review of a pupil's bus card: the school's paper was seen"))
@click.option("--proof", help=t("看过的证明（学校、学年）", "The paper that was shown (school, school year)"))
@_job
def review(proof: str | None) -> tuple[str, Mapping[str, Any]]:
    """Review a pupil's bus card."""
    return "review", {"proof": proof}


@card.command(
    "carry-over", help=t("旧卡的应用转入这张新卡，不再收费", "Open on this card what the card that it replaces had; free")
)
@_job
def carry_over() -> tuple[str, Mapping[str, Any]]:
    """Applications of the old card on the new one."""
    return "carry_over", {}


@card.command(
    help=t(
        "停用的公交产品（C、D）在本卡上换成 T，余额转入钱包，免费",
        "Swap a withdrawn bus product (C, D) for T on this card: free, its money goes to the city purse",
    )
)
@_job
def swap() -> tuple[str, Mapping[str, Any]]:
    """A withdrawn product on the same card."""
    return "swap", {}


@card.command("log", help=t("按账册列出一张卡的交易", "The transactions of a card in the books"))
@click.argument("card_no")
@json_option
def log(card_no: str, *, as_json: bool) -> None:
    """Transactions of a card."""
    from cardsvc.service.cards.views import transactions_view

    with books() as opened:
        rows = transactions_view(opened.store, card_no)
    show(rows, as_json=as_json, lines=lambda: transaction_lines(rows))


@card.command(
    help=t(
        "把读卡器上旧公交卡（M1）的余额转给一张市民卡，只转一次；然后放新卡用 fetch 写入",
        "Move the balance of the old bus card on the reader to a citizen card, once; then put that card on and fetch it",
    )
)
@click.argument("card_no")
@_job
def migrate(card_no: str) -> tuple[str, Mapping[str, Any]]:
    """Move the balance of the old card on the reader."""
    return "migrate", {"card_no": card_no}


card.add_command(learn)
card.add_command(replay)
