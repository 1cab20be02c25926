"""``cardsvc demo``: the whole story on a fresh database, through the HTTP API and the real pcscd where there is one."""

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from typing import Any

import click

from cardsvc.bootstrap import now, open_database
from cardsvc.card.periods import following
from cardsvc.cli.card.results import result_lines, settled_lines, transaction_lines
from cardsvc.cli.scratch.processes import free_port, service_processes
from cardsvc.cli.scratch.settings import scratch_folder, scratch_settings, scratch_terminal
from cardsvc.cli.scratch.slots import Slot, slot
from cardsvc.cli.shared.output import say, show, t, table
from cardsvc.client import ApiClient, load_key
from cardsvc.config import Settings
from cardsvc.errors import CardsvcError
from cardsvc.iso7816.channel import Channel
from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.service.cards.views import trial_balance
from cardsvc.service.people.register import CitizenData, register_citizen
from cardsvc.store import Store
from cardsvc.units import LOCAL, format_yuan, id_number_check_digit
from cardsvc.vcard import FaultPlan, VirtualCard

CREDIT_IS_COMMAND = 7
"""In a top-up, CREDIT FOR LOAD is the seventh command: four to identify, SELECT, INITIALIZE, CREDIT."""

SYNTHETIC_ID = "33010019990230001"
"""A visibly synthetic ID number: nobody was born on 30 February."""


@click.command(
    help=t("从空白卡到充值的完整演示：全新数据库、HTTP 接口、真实 pcscd（若有）", "The whole story on a fresh database")
)
@click.option(
    "--profile",
    type=click.Choice(["fudan-fmcos2", "mingwah-smartcos", "huada-city", "watchdata"]),
    default="fudan-fmcos2",
    show_default=True,
    help=t("虚拟卡的卡型", "Card family"),
)
@click.option(
    "--in-process", is_flag=True, help=t("不用 pcscd，用进程内虚拟读卡器", "Use the in-process virtual reader, not pcscd")
)
@click.option("--json", "as_json", is_flag=True, help=t("最后输出 JSON 摘要", "Print a JSON summary at the end"))
def demo(profile: str, *, in_process: bool, as_json: bool) -> None:
    """Tell the whole story."""
    started = time.monotonic()
    settings = scratch_settings(scratch_folder(keep=True)).model_copy(update={"port": free_port()})
    store = open_database(settings)
    with service_processes(settings), slot(in_process=in_process) as (reader, why_not_real):
        if why_not_real:
            say(
                f"没有可用的 pcscd（{why_not_real}），改用进程内虚拟读卡器",
                f"No usable pcscd ({why_not_real}): using the in-process virtual reader",
            )
        with closing(_Story(settings, store, reader, profile)) as story:
            summary = story.tell()
    seconds = round(time.monotonic() - started, 1)
    click.echo(
        t(
            f"\n用时 {seconds} 秒，数据在 {settings.keystore.parent}",
            f"\nTook {seconds} s; the data are in {settings.keystore.parent}",
        )
    )
    store.close()
    if as_json:
        show({**summary, "seconds": seconds, "reader": reader.name}, as_json=True)


def where_sold(job: Callable[[], object]) -> None:
    """Do it, or say that it is not sold today: nobody buys a park pass between 1 and 14 November. Raises other refusals."""
    try:
        job()
    except CarriedOut as ended:
        problem = ended.reply.problem or {}
        if problem.get("code") != "rule_not_on_sale":
            raise
        detail = problem["detail"]
        click.echo(f"  {t(detail['zh'], detail['en'])}")


class _Story:
    """The steps of the demo, one after the other, on one card."""

    def __init__(self, settings: Settings, store: Store, reader: Slot, profile: str) -> None:
        self._settings = settings
        self._store = store
        self._reader = reader
        self._card = VirtualCard.blank(profile)
        self._desk = self._terminal("desk-1", "310000000001", "desk")
        self._kiosk = self._terminal("kiosk-7", "310000000007", "topup")
        self._channel = self._terminal("app", "310000000009", "channel")

    def _terminal(self, terminal_id: str, terminal_no: str, role: str) -> ApiClient:
        key = scratch_terminal(self._settings, self._store, terminal_id, terminal_no, role)
        return ApiClient(f"http://{self._settings.host}:{self._settings.port}", terminal_id, load_key(key))

    def close(self) -> None:
        """Let go of the terminals' connections."""
        self._desk.close()
        self._kiosk.close()
        self._channel.close()

    def tell(self) -> dict[str, Any]:
        """All steps; returns what stands on the card and in the books."""
        _head(t("登记一位（虚构的）市民", "Register a (synthetic) citizen"))
        id_number = SYNTHETIC_ID + id_number_check_digit(SYNTHETIC_ID)
        person = CitizenData(
            name="测试一",
            id_number=id_number,
            sex=1,
            ethnic_group=1,
            birthplace="330100",
            birth_date="1999-02-28",  # type: ignore[arg-type] # pydantic reads the ISO text
        )
        citizen = register_citizen(self._store, person, now())
        channel = self._reader.insert(self._card)
        click.echo(f"{self._reader.name}  ATR {channel.atr.hex().upper()}")
        card_no = self._issue(channel, citizen.citizen_id)
        self._use(channel)
        self._ride(channel, card_no)
        channel = self._pull_after_credit(channel)
        channel = self._pull_before_credit(channel)
        return self._account(channel, card_no)

    def _issue(self, channel: Channel, citizen_id: str) -> str:
        _head(t("窗口：个人化空白卡", "Desk: personalise the blank card"))
        result = self._do(self._desk, channel, "personalise", {"citizen_id": citizen_id})
        _head(t("窗口：开通公交 T、停车、图书馆、公园年卡", "Desk: open bus T, parking, library, park pass"))
        for application, product in (("bus", "T"), ("parking", "1"), ("library", "1"), ("park", "1")):
            where_sold(partial(self._do, self._desk, channel, "open", {"application": application, "product": product}))
        return str(result["card_no"])

    def _use(self, channel: Channel) -> None:
        _head(t("自助终端：充值 100.00", "Kiosk: top up 100.00"))
        self._do(self._kiosk, channel, "topup", {"amount": 10000, "payment": {"method": "cash"}})
        _head(t("公交：消费 2.00", "Bus: spend 2.00"))
        self._do(self._kiosk, channel, "purchase", {"amount": 200, "merchant": "bus"})

    def _ride(self, channel: Channel, card_no: str) -> None:
        _head(t("自助终端：本月公交月票 50.00，乘车先刷月票", "Kiosk: month ticket for 50.00; it pays the ride first"))
        self._do(self._kiosk, channel, "topup", {"amount": 5000, "area": "month", "payment": {"method": "cash"}})
        self._do(self._kiosk, channel, "purchase", {"amount": 100, "merchant": "bus", "month_first": True})
        _head(
            t(
                "手机付款 60.00 买下月月票，刷卡时写入（补登）",
                "Paid by phone: 60.00 for the next month, written at the next tap",
            )
        )
        payment = {"method": "mobile", "reference": "demo-0"}
        month = f"{following(now().astimezone(LOCAL).date()):%Y-%m}"
        self._channel.order({"card_no": card_no, "amount": 6000, "area": "month", "month": month, "payment": payment})
        self._do(self._kiosk, channel, "fetch", {})

    def _pull_after_credit(self, channel: Channel) -> Channel:
        _head(t("充值 50.00，写卡后、应答前拔卡", "Top up 50.00; the card is pulled after it was written, before it answered"))
        self._pulled(channel, FaultPlan(tear_after_command=CREDIT_IS_COMMAND))
        _head(t("同一张卡放到窗口：核对并结清", "The same card at the desk: settled by what it shows"))
        channel = self._reader.insert(self._card)
        self._do(self._desk, channel, "inspect", {})
        return channel

    def _pull_before_credit(self, channel: Channel) -> Channel:
        _head(t("再充 50.00，写卡前拔卡", "Top up 50.00 again; the card is pulled before it was written"))
        self._pulled(channel, FaultPlan(tear_before_command=CREDIT_IS_COMMAND))
        _head(
            t(
                "同一张卡再到终端充值 50.00：先退回上一笔，再写这一笔",
                "The same card tops up 50.00 at the kiosk: the last is refunded first",
            )
        )
        channel = self._reader.insert(self._card)
        self._do(self._kiosk, channel, "topup", {"amount": 5000, "payment": {"method": "mobile", "reference": "demo-1"}})
        return channel

    def _pulled(self, channel: Channel, plan: FaultPlan) -> None:
        """A top-up that the card does not stay for."""
        self._card.plan = plan
        try:
            self._do(self._kiosk, channel, "topup", {"amount": 5000, "payment": {"method": "cash"}})
        except CardsvcError as error:
            click.echo(f"  {error.code} ({error.outcome}): {error.what.into(_language())}")
        finally:
            channel.close()
            self._reader.remove()
            self._card.plan = FaultPlan()

    def _account(self, channel: Channel, card_no: str) -> dict[str, Any]:
        _head(t("卡上写着什么", "What stands on the card"))
        seen = carry_out(self._desk, channel, "inspect", {}, idempotency_key=str(uuid.uuid4()))
        channel.close()
        _lines(result_lines("inspect", seen))
        _head(t("账册里写着什么", "What stands in the books"))
        transactions = self._desk.transactions(card_no)
        _lines(transaction_lines(transactions))
        books = trial_balance(self._store)
        _lines(
            table(
                [
                    *((name, format_yuan(amount)) for name, amount in books["accounts"].items()),
                    (t("合计", "total"), format_yuan(books["total"])),
                ]
            )
        )
        on_card, owed = seen["purse"]["balance"], -books["accounts"][f"purse:{card_no}:purse:ep"]
        areas = {f"purse:{card_no}:{area['application']}:{area['purse']}": area["balance"] for area in seen["areas"]}
        agrees = (
            on_card == owed and books["total"] == 0 and all(-books["accounts"][name] == held for name, held in areas.items())
        )
        click.echo(
            t(
                f"卡上余额 {format_yuan(on_card)}，账上 {format_yuan(owed)}：{'一致' if agrees else '不一致'}",
                f"card {format_yuan(on_card)}, books {format_yuan(owed)}: {'they agree' if agrees else 'THEY DIFFER'}",
            )
        )
        if not agrees:
            raise click.exceptions.Exit(1)
        return {"card_no": card_no, "balance": on_card, "areas": seen["areas"], "books": books, "transactions": transactions}

    def _do(self, port: ApiClient, channel: Channel, kind: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """One operation; prints what came of it and what it took."""
        started, commands = time.perf_counter(), 0

        def count(_ask: object) -> None:
            nonlocal commands
            commands += 1

        result = carry_out(port, channel, kind, params, idempotency_key=str(uuid.uuid4()), progress=count)
        milliseconds = round((time.perf_counter() - started) * 1000)
        shown = " ".join(str(result[key]) for key in ("application", "product", "state", "valid_to") if result.get(key))
        if "balance" in result:
            shown += t(f" 余额 {format_yuan(result['balance'])}", f" balance {format_yuan(result['balance'])}")
        click.echo(f"  {kind} {result.get('card_no', '')} {shown}  [{commands} APDU, {milliseconds} ms]")
        _lines([f"  {line}" for line in settled_lines(result)])
        return result


def _language() -> Any:
    from cardsvc.text import language_of_environment

    return language_of_environment()


def _head(text: str) -> None:
    click.echo(f"\n== {text}")


def _lines(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
