"""``cardsvc serve --demo``: a whole small hall on this machine for training. Throw-away data, virtual reader, sample cards."""

import datetime as dt
import secrets
import time
from pathlib import Path

import click

from cardsvc.bootstrap import Services, build, create_receipt_key, now
from cardsvc.cli.scratch.old_card import old_bus_card
from cardsvc.cli.scratch.settings import environment, scratch_settings, scratch_terminal
from cardsvc.cli.serve.samples import keep_sample, make_blanks, printed_in
from cardsvc.cli.serve.supervise import Child, supervise
from cardsvc.cli.shared.output import say, t
from cardsvc.config import Settings
from cardsvc.errors import CardsvcError
from cardsvc.readers import pcscd
from cardsvc.readers.carry import carry_out
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.people.register import CitizenData, register_citizen
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.units import id_number_check_digit
from cardsvc.vcard import VirtualCard

WORKSTATION = "ws-1"
OUTLET = "hall"
STAFF = (("clerk", "演示员", "clerk"), ("chief", "演示主管", "supervisor"))
SAMPLER = Actor("desk", "samples", bytes.fromhex("310000000001"), "desk")
OLD_CARD_FEN = 1234
PEOPLE = (("测试甲", 1), ("测试乙", 2))


def serve_training(host: str | None, port: int | None) -> int:
    """Furnish a hall and run it until stopped."""
    settings = scratch_settings()
    given = {"host": host, "port": port}
    settings = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    create_receipt_key(settings)
    folder = settings.keystore.parent
    password = secrets.token_hex(5)
    say("正在准备练习用的大厅……", "Furnishing a hall for training ...")
    key = _furnish(settings, folder / "samples", password)
    variables = environment(settings)
    url = f"http://{settings.host}:{settings.port}"
    agent = ["agent", "--url", url, "--id", WORKSTATION, "--key", str(key)]
    children = [
        Child("API", ["serve"], environment=variables),
        Child("desk", ["desk", "--samples", str(folder / "samples")], environment=variables),
        Child("agent", [*agent, "--face-folder", str(printed_in(folder / "samples"))], environment=variables),
    ]
    return supervise([*_reader(), *children], lambda: _explain(settings, password))


def _reader() -> list[Child]:
    """The pcscd of the virtual reader, under the supervisor: one that dies is started again. None where the system has one."""
    if pcscd.is_running():
        return []
    try:
        return [Child("pcscd", (), pcscd.start(alone=True), began=time.monotonic(), program=pcscd.command())]
    except CardsvcError as error:
        if error.code != "pcsc_not_running":
            raise
        say(
            "没有 pcscd，也不能启动（需要 root）：网页可以看，没有读卡器",
            "There is no pcscd and none can be started (needs root): the page works, without a reader",
        )
        return []


def _furnish(settings: Settings, samples: Path, password: str) -> Path:
    """Outlet, staff, workstation and sample cards; gives the file of the workstation's key."""
    services = build(settings)
    try:
        store, moment = services.store, now()
        add_outlet(store, OUTLET, "市民之家", moment)
        root = add_staff(store, NewStaff("root", "管理员", "administrator", OUTLET), password, moment, by=None)
        for staff_id, name, role in STAFF:
            add_staff(store, NewStaff(staff_id, name, role, OUTLET), password, moment, by=root)
        key = scratch_terminal(settings, store, WORKSTATION, "310000000011", "workstation", outlet_id=OUTLET)
        scratch_terminal(settings, store, "kiosk-7", "310000000007", "topup")
        make_blanks(samples)
        for name, number in PEOPLE:
            keep_sample(_issued(services, name, number), samples, f"issued-{number}")
        keep_sample(old_bus_card(services.engine.keystore, OLD_CARD_FEN), samples, "old-bus-card")
    finally:
        services.close()
    return key


def _issued(services: Services, name: str, number: int) -> VirtualCard:
    """A citizen card with bus T and 100 yuan, of somebody born on a day that never was."""
    body = f"3301001999023{number:04d}"
    born = dt.date(1999, 2, 28)
    person = CitizenData(
        name=name,
        id_number=body + id_number_check_digit(body),
        sex=1,
        ethnic_group=1,
        birthplace="330100",
        birth_date=born,
    )
    citizen = register_citizen(services.store, person, now())
    card = VirtualCard.blank("fudan-fmcos2")
    jobs = (
        ("personalise", {"citizen_id": citizen.citizen_id}),
        ("open", {"application": "bus", "product": "T"}),
        ("topup", {"amount": 10_000, "payment": {"method": "mobile", "reference": f"SAMPLE-{number}"}}),
    )
    for kind, params in jobs:
        channel = card.channel()
        try:
            carry_out(services.engine.port(SAMPLER), channel, kind, params, idempotency_key=secrets.token_hex(16))
        finally:
            channel.close()
    return card


def _explain(settings: Settings, password: str) -> None:
    """Where the page is and how to sign in; how a terminal is tried from another shell."""
    say("演示数据是临时的，停止后作废。", "The data are throw-away.")
    click.echo(f"  http://{settings.desk_host}:{settings.desk_port}/", err=True)
    click.echo(t(f"  工号 clerk 或 chief，密码 {password}", f"  staff id clerk or chief, password {password}"), err=True)
    say("终端可以在另一个窗口试：", "Try a terminal from another shell:")
    for name, value in environment(settings).items():
        click.echo(f"  export {name}='{value}'", err=True)
    key = settings.keystore.parent / "kiosk-7.pem"
    click.echo(
        f"  cardsvc terminal topup 100 --id kiosk-7 --key '{key}' --url http://{settings.host}:{settings.port}", err=True
    )
