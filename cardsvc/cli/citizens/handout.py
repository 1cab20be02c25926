"""``cardsvc handout``: made cards on their way to their holders: which wait, giving one, telling holders again."""

from typing import Any

import click

from cardsvc.cli.shared.database import database, rule_book
from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.output import json_option, listed, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in

outlet_option = click.option("--outlet", default=None, help=t("网点；不写是全部网点", "Outlet; all of them without"))


@click.group(help=t("发放：待领取的卡，交卡，再通知", "Handing out: cards that wait, giving one, telling holders again"))
def handout() -> None:
    """Group of handing out."""


@handout.command("list", help=t("待领取的卡，先制好的在前", "Cards that wait for their holders, the first made first"))
@outlet_option
@json_option
def list_(outlet: str | None, *, as_json: bool) -> None:
    """List waiting cards."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.handing_out import list_waiting

    with database() as store:
        found = list_waiting(store, rule_book(), outlet, now())
    head = (t("卡号", "Card"), t("持卡人", "Holder"), t("制好", "Made"), t("状态", "State"))
    rows = [(one["card_no"], one["holder"]["name"], local_time(one["made_at"]), _state(one)) for one in found]
    show(found, as_json=as_json, lines=lambda: listed(rows, t("没有待领取的卡", "No card waits"), head))


def _state(one: dict[str, Any]) -> str:
    from cardsvc.service.cards.handing_out import NOT_GIVEN

    if one["not_given"] is not None:
        return t(NOT_GIVEN[one["not_given"]].zh, NOT_GIVEN[one["not_given"]].en)
    if one["face"] is not None and one["face"]["state"] != "right":
        return t("卡面还没有确认", "its face is not confirmed")
    if one["uncollected"]:
        return t("久未领取，再通知", "uncollected: tell them again")
    return t(f"已再通知 {one['reminders']} 次", f"told again {one['reminders']} times") if one["reminders"] else "-"


@handout.command(help=t("交卡：核对来人、证件、照片之后", "Give a card, after person, document and photo were compared"))
@click.argument("card_no")
@click.option(
    "--came",
    type=click.Choice(["holder", "parent", "agent"]),
    default="holder",
    show_default=True,
    help=t("谁来领：本人、父母、代办人", "Who collects"),
)
@click.option("--name", default=None, help=t("父母、代办人的姓名", "Name of the parent or agent"))
@click.option("--id-number", default=None, help=t("父母、代办人的身份证号", "ID number of the parent or agent"))
@click.option("--both-originals", is_flag=True, help=t("双方身份证原件都看过", "Both original documents were shown"))
@click.option(
    "--compared",
    is_flag=True,
    help=t("已核对来人、证件和照片；必须给出", "Person, document and photo were compared; must be given"),
)
@click.option("--early", default=None, help=t("还没送到就发放的原因", "Why it is given though it did not arrive yet"))
@as_option
@json_option
def give(
    card_no: str,
    came: str,
    name: str | None,
    id_number: str | None,
    early: str | None,
    staff_id: str,
    *,
    both_originals: bool,
    compared: bool,
    as_json: bool,
) -> None:
    """Give a card."""
    from pydantic import ValidationError

    from cardsvc.bootstrap import now
    from cardsvc.errors import RequestError
    from cardsvc.errors.fields import reasons
    from cardsvc.service.cards.handing_out import Collector, hand_out
    from cardsvc.units import parse_card_no

    asked = {
        "came": came,
        "comer_name": name,
        "comer_id_number": id_number,
        "agent_papers": both_originals,
        "compared": compared,
        "early_reason": early,
    }
    try:
        collector = Collector.model_validate(asked)
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None
    with database() as store:
        by = signed_in(store, staff_id)
        found = hand_out(store, rule_book(), parse_card_no(card_no), collector, by=by, now=now())
    show(found, as_json=as_json, lines=lambda: _slip(found))


@handout.command("show", help=t("一张卡的领卡单：谁领走的，谁发的", "The receipt of a card: who took it, who gave it"))
@click.argument("card_no")
@json_option
def show_(card_no: str, *, as_json: bool) -> None:
    """Show how a card was given."""
    from cardsvc.errors import RequestError
    from cardsvc.service.cards.handing_out import handout_of
    from cardsvc.units import parse_card_no

    number = parse_card_no(card_no)
    with database() as store:
        found = handout_of(store, number)
    if found is None:
        raise RequestError("handout_not_waiting", card_no=number)
    show(found, as_json=as_json, lines=lambda: _slip(found))


def _slip(found: dict[str, Any]) -> list[str]:
    came = {"holder": t("本人", "the holder"), "parent": t("父母", "a parent"), "agent": t("代办人", "an agent")}
    comer = found["comer"] or {"name": "", "id_number": ""}
    taken = f"{came[found['collector']]} {comer['name']} {comer['id_number']}".strip() if found["collector"] else "-"
    return table(
        [
            (t("卡号", "Card"), found["card_no"]),
            (t("持卡人", "Holder"), f"{found['holder']['name']} {found['holder']['id_number']}"),
            (t("制好", "Made"), local_time(found["made_at"])),
            (t("领取人", "Taken by"), taken),
            (t("领取时间", "At"), local_time(found["handed_at"])),
            (t("经办", "Given by"), found["handed_by"] or "-"),
            *([(t("未到先发放", "Given before it arrived"), found["early_reason"])] if found["early_reason"] else []),
        ]
    )


@handout.command(
    help=t(
        "再通知：久未领取的卡，按规则给持卡人再发通知；重复运行不重复发",
        "Tell the holders of uncollected cards again, as the rules say; run again, it tells nobody twice",
    )
)
@outlet_option
@as_option
@json_option
def remind(outlet: str | None, staff_id: str, *, as_json: bool) -> None:
    """Tell holders again."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.handing_out import remind as remind_all

    with database() as store:
        found = remind_all(store, rule_book(), outlet, by=signed_in(store, staff_id, job=True), now=now())
    told, silent = len(found["told"]), ", ".join(found["no_phone"])
    lines = [
        t(f"再通知 {told} 人（发送：cardsvc notices send）", f"{told} told again (cardsvc notices send sends them)"),
        *([t(f"没有手机号，要另行通知：{silent}", f"No phone, to be told otherwise: {silent}")] if silent else []),
    ]
    show(found, as_json=as_json, lines=lambda: lines)
