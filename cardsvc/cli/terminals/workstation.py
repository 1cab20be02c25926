"""``cardsvc workstation``: what is in a workstation's readers, and operations that a member of staff begins there."""

import json
import time
import uuid

import click

from cardsvc.cli.shared.local import books, services
from cardsvc.cli.shared.output import json_option, listed, show, t
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.json_text import read_json

LOOK_SECONDS = 0.2


@click.group(help=t("工作台：读卡器里有什么，替窗口发起业务", "Workstations: what is in their readers, jobs on it"))
def workstation() -> None:
    """Group of workstation commands."""


@workstation.command("show", help=t("读卡器和卡", "Readers and cards"))
@click.argument("workstation_id")
@as_option
@json_option
def show_(workstation_id: str, staff_id: str, *, as_json: bool) -> None:
    """Show what is in the readers."""
    from cardsvc.bootstrap import now
    from cardsvc.service.desk.workstations import workstation_view

    with books() as opened:
        found = workstation_view(opened.store, workstation_id, now(), by=signed_in(opened.store, staff_id))
    head = (t("读卡器", "Reader"), "ATR", t("放卡号", "Contact"))
    rows = [(reader["name"], reader["atr"] or "-", reader["contact"] or "-") for reader in found["readers"]]
    show(found, as_json=as_json, lines=lambda: listed(rows, t("没有读卡器", "No readers"), head))


@workstation.command(
    "do", help=t("在工作台的卡上办一项业务，等它办完", "Begin an operation on the card there and wait for its end")
)
@click.argument("workstation_id")
@click.argument("contact")
@click.argument("kind")
@click.option("--params", default="{}", help=t("参数（JSON）", "Parameters, JSON"))
@as_option
@json_option
def do_(workstation_id: str, contact: str, kind: str, params: str, staff_id: str, *, as_json: bool) -> None:
    """Begin an operation."""
    from cardsvc.readers.carry import CarriedOut
    from cardsvc.service.desk.workstations import begin, progress
    from cardsvc.wire import OperationState

    try:
        values = read_json(params)
    except ValueError:
        raise click.BadParameter(t("不是 JSON", "not JSON"), param_hint="--params") from None
    with services() as opened:
        by = signed_in(opened.store, staff_id)
        reply = begin(opened.engine, workstation_id, contact, kind, values, by=by, idempotency_key=str(uuid.uuid4()))
        while reply.state is OperationState.CARD:
            time.sleep(LOOK_SECONDS)
            reply = progress(opened.engine, workstation_id, reply.id, by=by)
    if reply.state is not OperationState.DONE:
        raise CarriedOut(reply)
    show(reply.result, as_json=as_json, lines=lambda: [json.dumps(reply.result, ensure_ascii=False)])
