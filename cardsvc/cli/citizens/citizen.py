"""``cardsvc citizen``: people: registering them, changes of their data, their death."""

from typing import TYPE_CHECKING, TypeVar

import click

from cardsvc.cli.shared.database import database, rule_book
from cardsvc.cli.shared.output import json_option, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in

if TYPE_CHECKING:
    from cardsvc.service.operations.kinds import Params
    from cardsvc.service.people.register import CitizenData

P = TypeVar("P", bound="Params")

UNREADABLE = {
    "sex": "not_a_sex",
    "ethnic_group": "not_an_ethnic_group",
    "birthplace": "not_a_region",
    "birth_date": "not_a_date",
    "id_number": "not_18_characters",
}
"""What is wrong with a field that cannot be read as what it is."""


@click.group(help=t("市民：登记、变更、身故", "People: register, change their data, note a death"))
def citizen() -> None:
    """Group of people's jobs."""


@citizen.command(help=t("登记一位市民，返回市民编号；同一证件重复登记得到同一编号", "Register a person and get the citizen id"))
@click.option("--name", required=True, help=t("姓名", "Name"))
@click.option("--chip-name", help=t("芯片姓名：芯片写不进姓名时才填", "Name on the chip, where it cannot hold the name"))
@click.option("--id-number", required=True, help=t("18 位身份证号", "ID number, 18 characters"))
@click.option("--sex", required=True, type=click.Choice(["1", "2"]), help=t("1 男 2 女", "1 male, 2 female"))
@click.option("--ethnic-group", default=1, show_default=True, help=t("民族代码 GB 3304", "Ethnic group, GB 3304"))
@click.option("--birthplace", default="330100", show_default=True, help=t("行政区划代码 GB/T 2260", "Region code"))
@click.option("--birth-date", required=True, help=t("出生日期 YYYY-MM-DD", "Birth date YYYY-MM-DD"))
@json_option
def register(*, as_json: bool, **given: str | int | None) -> None:
    """Register a person."""
    from cardsvc.bootstrap import now
    from cardsvc.service.people.register import citizen_json, register_citizen

    data = _person(given)
    with database() as store:
        found = citizen_json(register_citizen(store, data, now()))
    names = {
        "citizen_id": t("市民编号", "Citizen id"),
        "name": t("姓名", "Name"),
        "chip_name": t("芯片姓名", "Name on the chip"),
        "id_number": t("证件号", "ID number"),
    }
    show(found, as_json=as_json, lines=lambda: table([(names[key], value) for key, value in found.items() if value]))


def _person(given: dict[str, str | int | None]) -> "CitizenData":
    """Raises RequestError ``citizen_field_wrong`` for a field that cannot be read as what it is."""
    from pydantic import ValidationError

    from cardsvc.service.people.names import name_problem
    from cardsvc.service.people.reasons import field_wrong
    from cardsvc.service.people.register import CitizenData, number_problem

    try:
        return CitizenData.model_validate({**given, "sex": int(str(given["sex"]))})
    except ValidationError as error:
        field = str(error.errors(include_input=False)[0]["loc"][0])
        text = str(given[field])
        wrong = name_problem(text) if "name" in field else number_problem(text) if field == "id_number" else None
        raise field_wrong(field, wrong or UNREADABLE[field]) from None


@citizen.command(
    help=t("变更姓名、证件信息；规则要求两人的等主管复核", "Change a name or document data; two people where the rules say")
)
@click.argument("citizen_id")
@click.option("--proof", required=True, help=t("看过的证件", "Papers that were shown"))
@click.option("--name", help=t("姓名", "Name"))
@click.option("--chip-name", help=t("芯片姓名", "Name on the chip"))
@click.option("--id-number", help=t("18 位身份证号", "ID number, 18 characters"))
@click.option("--sex", type=click.IntRange(0, 9), help=t("1 男 2 女", "1 male, 2 female"))
@click.option("--ethnic-group", type=click.IntRange(1, 98), help=t("民族代码 GB 3304", "Ethnic group, GB 3304"))
@click.option("--birthplace", help=t("行政区划代码 GB/T 2260", "Region code"))
@click.option("--birth-date", help=t("出生日期 YYYY-MM-DD", "Birth date YYYY-MM-DD"))
@as_option
@json_option
def change(citizen_id: str, staff_id: str, *, as_json: bool, **given: object) -> None:
    """Change a person's data."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.person_changes import PersonChange, change_person

    asked = _read(PersonChange, {"citizen_id": citizen_id, **{k: v for k, v in given.items() if v is not None}})
    with database() as store:
        row = change_person(store, rule_book(), asked, by=signed_in(store, staff_id), now=now())
    found = {
        "change_id": row.change_id,
        "fields": sorted(row.after),
        "on_card": row.on_card,
        "applied": row.applied_at is not None,
    }
    show(found, as_json=as_json, lines=lambda: [_outcome(applied=row.applied_at is not None)])


@citizen.command(help=t("登记持卡人身故；主管复核后生效", "Note that a holder has died; in force once a supervisor agrees"))
@click.argument("citizen_id")
@click.option(
    "--heir", required=True, help=t("来人与持卡人的关系：spouse、child、parent、other", "spouse, child, parent, other")
)
@click.option("--heir-name", required=True, help=t("来人姓名", "Their name"))
@click.option("--heir-id-number", required=True, help=t("来人身份证号", "Their ID number"))
@click.option("--papers", required=True, help=t("看过的证件", "Papers that were shown"))
@click.option(
    "--card", "cards_here", multiple=True, help=t("带来了的卡（卡号，可多次）", "A card that was brought; may be repeated")
)
@as_option
@json_option
def death(citizen_id: str, staff_id: str, *, as_json: bool, **given: object) -> None:
    """Note a death."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.deaths import DeathReport, report_death

    asked = _read(DeathReport, {"citizen_id": citizen_id, **given})
    with database() as store:
        row = report_death(store, rule_book(), asked, by=signed_in(store, staff_id), now=now())
    show({"death_id": row.death_id, "applied": False}, as_json=as_json, lines=lambda: [_outcome(applied=False)])


@citizen.command(
    "delete-photos", help=t("应本人要求删除其照片；下一张卡要重新拍", "Delete a person's photos because they ask for it")
)
@click.argument("citizen_id")
@click.option("--reason", required=True, help=t("谁要求的、看过的证件", "Who asked, and what was shown"))
@as_option
@json_option
def delete_photos_(citizen_id: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Delete photos."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.keeping import delete_photos

    with database() as store:
        number = delete_photos(store, citizen_id, reason, by=signed_in(store, staff_id), now=now())
    show({"photos": number}, as_json=as_json, lines=lambda: [t(f"已删除 {number} 张照片", f"{number} photos deleted")])


@citizen.command(
    help=t(
        "定时任务：按规则期限删除没有卡的人的照片、已撤销的申领",
        "For a timer: delete photos of people without a card, and withdrawn applications, after the rules' days",
    )
)
@as_option
@json_option
def forget(staff_id: str, *, as_json: bool) -> None:
    """Delete what is over."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.keeping import forget as forget_all

    with database() as store:
        done = forget_all(store, rule_book(), by=signed_in(store, staff_id, job=True), now=now())
    names = {
        "noted": t("照片开始计期", "photos noted as over"),
        "photos": t("照片已删除", "photos deleted"),
        "requests": t("已撤销的申领已删除", "withdrawn applications deleted"),
        "people": t("没有其他记录的人已删除", "people of whom nothing else is kept deleted"),
    }
    show(done, as_json=as_json, lines=lambda: table([(names[key], str(value)) for key, value in done.items()]))


def _outcome(*, applied: bool) -> str:
    return (
        t("已生效", "In force")
        if applied
        else t("等第二人复核：cardsvc approvals", "A second person decides: cardsvc approvals")
    )


def _read(model: type[P], given: dict[str, object]) -> P:
    """Raises RequestError ``params_invalid``."""
    from pydantic import ValidationError

    from cardsvc.errors import RequestError
    from cardsvc.errors.fields import reasons

    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None
