"""``cardsvc batch``: files of operators, payment channels and terminals."""

from pathlib import Path
from typing import Any

import click

from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.output import json_option, listed, said, show, t, table
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.cli.shared.progress import progress_bar
from cardsvc.units import format_yuan


@click.group(help=t("运营单位、渠道和终端的文件：导入、查看", "Files of operators, channels and terminals: import, list, show"))
def batch() -> None:
    """Group of commands on files."""


def _lines(found: list[dict[str, Any]]) -> list[str]:
    from cardsvc.service.words.codes import FILE_RECORDS, FILE_STATES, FILES

    head = (
        t("编号", "Id"),
        t("种类", "Kind"),
        t("来自", "From"),
        t("文件", "File"),
        t("已入 / 共", "Taken / all"),
        t("金额", "Amount"),
        t("状态", "State"),
        t("结果", "Result"),
    )
    rows = [
        (
            b["batch_id"],
            said(FILES, b["kind"]),
            b["party"],
            b["file_name"],
            f"{b['applied']}/{b['records']}",
            format_yuan(b["amount"]),
            said(FILE_STATES, b["state"]),
            t("，", ", ").join(f"{said(FILE_RECORDS, state)} {count}" for state, count in sorted(b["counts"].items())),
        )
        for b in found
    ]
    return listed(rows, t("还没有导入过文件", "No files yet"), head)


@batch.command(
    "import",
    help=t(
        "导入一个文件：有错行则逐行指出、整个文件不入账；同一文件或同一记录再次导入无害",
        "Import a file: bad lines are named and nothing is taken; a file or record that comes again does no harm",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--operator", help=t("运营单位代码（脱机消费文件）", "Operator's code (offline spending)"))
@click.option("--channel", help=t("付款渠道：bank_card mobile credit_card transfer", "Payment channel (its statement)"))
@click.option("--terminal", help=t("终端编号（终端自己的流水）", "Terminal (its own journal)"))
@as_option
@json_option
def import_(
    file: Path, operator: str | None, channel: str | None, terminal: str | None, staff_id: str, *, as_json: bool
) -> None:
    """Import a file."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.shared.local import books
    from cardsvc.service.batches import MAX_BYTES, GivenFile, batch_view, import_file

    given = [(kind, p) for kind, p in (("spending", operator), ("channel", channel), ("terminal", terminal)) if p]
    if len(given) != 1:
        raise click.UsageError(
            t("给出 --operator、--channel、--terminal 之一", "Give one of --operator, --channel, --terminal")
        )
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    with books() as opened:
        by, keystore = signed_in(opened.store, staff_id, job=True), opened.engine.keystore
        with progress_bar(t("导入", "Importing")) as progress:
            done = import_file(opened.store, keystore, GivenFile(*given[0], file.name, content), now(), progress, by=by)
    again = [t("这个文件以前导入过，没有改动", "This file was imported before; nothing was changed")] if done.again else []
    view = batch_view(done.batch)
    show({**view, "again": done.again}, as_json=as_json, lines=lambda: [*_lines([view]), *again])


@batch.command("list", help=t("已导入的文件，最新的在前", "Imported files, newest first"))
@json_option
def list_(*, as_json: bool) -> None:
    """List batches."""
    from cardsvc.service.batches import batch_view

    with database() as store, store.read() as uow:
        found = [batch_view(row) for row in uow.batches.recent()]
    show(found, as_json=as_json, lines=lambda: _lines(found))


@batch.command("show", help=t("一个批次，以及没有入账的记录", "One batch, and its records that were not booked"))
@click.argument("batch_id")
@json_option
def show_(batch_id: str, *, as_json: bool) -> None:
    """Show a batch."""
    from cardsvc.errors import RequestError
    from cardsvc.service.batches import batch_view

    with database() as store, store.read() as uow:
        found = uow.batches.get(batch_id)
        refused = uow.spending.of_batch(batch_id, "rejected", "conflict")
    if found is None:
        raise RequestError("batch_unknown")
    records = [
        {
            "line": r.line,
            "card_no": r.card_no,
            "amount": r.amount,
            "counter": r.offline_counter,
            "state": r.state,
            "reason": r.reason,
        }
        for r in refused
    ]
    view = batch_view(found)
    show({**view, "not_booked": records}, as_json=as_json, lines=lambda: _lines([view]) + _not_booked_lines(records))


def _not_booked_lines(records: list[dict[str, Any]]) -> list[str]:
    """What of a file was not booked, and why."""
    from cardsvc.service.words.codes import FILE_RECORDS, REJECTED

    head = (
        t("行", "Line"),
        t("卡号", "Card"),
        t("金额", "Amount"),
        t("计数器", "Counter"),
        t("结果", "Result"),
        t("原因", "Why"),
    )
    rows = [
        (
            str(r["line"]),
            r["card_no"],
            format_yuan(r["amount"]),
            str(r["counter"]),
            said(FILE_RECORDS, r["state"]),
            said(REJECTED, r["reason"]),
        )
        for r in records
    ]
    return ["", t("没有入账的记录：", "Not booked:"), *table([head, *rows])] if rows else []
