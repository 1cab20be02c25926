"""``cardsvc citizen``: registering people."""

import click

from cardsvc.cli.output import json_option, show, t, table


@click.group(help=t("登记市民", "Register people"))
def citizen() -> None:
    """Group of people's jobs."""


@citizen.command(help=t("登记一位市民，返回市民编号；同一证件重复登记得到同一编号", "Register a person and get the citizen id"))
@click.option("--name", required=True, help=t("姓名", "Name"))
@click.option("--id-number", required=True, help=t("18 位身份证号", "ID number, 18 characters"))
@click.option("--sex", required=True, type=click.Choice(["1", "2"]), help=t("1 男 2 女", "1 male, 2 female"))
@click.option("--ethnic-group", default=1, show_default=True, help=t("民族代码 GB 3304", "Ethnic group, GB 3304"))
@click.option("--birthplace", default="330100", show_default=True, help=t("行政区划代码 GB/T 2260", "Region code"))
@click.option("--birth-date", required=True, help=t("出生日期 YYYY-MM-DD", "Birth date YYYY-MM-DD"))
@json_option
def register(
    name: str, id_number: str, sex: str, ethnic_group: int, birthplace: str, birth_date: str, *, as_json: bool
) -> None:
    """Register a person."""
    from pydantic import ValidationError

    from cardsvc.bootstrap import now, open_database
    from cardsvc.config import Settings
    from cardsvc.errors import RequestError
    from cardsvc.service.people import CitizenData, citizen_json, register_citizen

    try:
        data = CitizenData(
            name=name,
            id_number=id_number,
            sex=int(sex),
            ethnic_group=ethnic_group,
            birthplace=birthplace,
            birth_date=birth_date,  # type: ignore[arg-type] # pydantic reads the ISO text
        )
    except ValidationError as error:
        field = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        raise RequestError("citizen_field_wrong", field=field) from None
    store = open_database(Settings())
    found = citizen_json(register_citizen(store, data, now()))
    store.close()
    names = {"citizen_id": t("市民编号", "Citizen id"), "name": t("姓名", "Name"), "id_number": t("证件号", "ID number")}
    show(found, as_json=as_json, lines=lambda: table([(names[key], value) for key, value in found.items()]))
