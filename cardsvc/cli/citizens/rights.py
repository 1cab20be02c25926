"""The commands: import a file, watch a folder for files, list what was imported."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.shared.database import content_of, database, rule_book
from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.output import json_option, listed, said, show, t
from cardsvc.cli.shared.person import as_option, signed_in

if TYPE_CHECKING:
    from cardsvc.service.rights.importing import Imported

office_option = click.option(
    "--office",
    required=True,
    type=click.Choice(["social", "medical"]),
    help=t("文件来自：social 社保，medical 医保", "Whose file it is: social or medical insurance"),
)


@click.group(help=t("社保、医保数据：导入、监视目录、列表", "Data of the insurance offices: import, watch a folder, list"))
def rights() -> None:
    """Group of rights commands."""


def told(done: "Imported") -> dict[str, Any]:
    """What became of a file, for programs."""
    file = done.file
    return {
        "office": file.office,
        "file_name": file.file_name,
        "sha256": file.sha256,
        "lines": file.lines,
        "news": done.news,
        "again": done.again,
        "freed": list(done.rechecked.freed),
        "held": list(done.rechecked.held),
    }


def lines_of(one: dict[str, Any]) -> list[str]:
    """What became of a file, for people."""
    if one["again"]:
        return [t("这个文件以前导入过，没有改动", "This file was imported before; nothing was changed")]
    people, news = one["lines"], one["news"]
    freed, held = ", ".join(one["freed"]), ", ".join(one["held"])
    return [
        t(f"{people} 人，其中 {news} 人的数据更新", f"{people} people, of {news} of them it is the latest word"),
        *([t(f"继续办理：{freed}", f"Go on: {freed}")] if freed else []),
        *([t(f"暂停等待：{held}", f"Wait from now on: {held}")] if held else []),
    ]


@rights.command(
    "import",
    help=t(
        "导入一个文件（CSV 或 JSON）：有错行则逐行指出、什么都不存；同一文件再次导入无害，先后顺序不限",
        "Import a file, CSV or JSON: as a whole or not at all, in any order, once",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@office_option
@as_option
@json_option
def import_(file: Path, office: str, staff_id: str, *, as_json: bool) -> None:
    """Import a file."""
    from cardsvc.bootstrap import now
    from cardsvc.errors import RequestError
    from cardsvc.service.rights.importing import import_feed
    from cardsvc.text import language_of_environment

    with database() as store:
        by = signed_in(store, staff_id, job=True)
        try:
            done = told(import_feed(store, rule_book(), office, file.name, content_of(file), by=by, now=now()))
        except RequestError as error:
            for problem in error.details.get("problems", ()):
                click.echo(problem.into(language_of_environment()), err=True)
            raise
    show(done, as_json=as_json, lines=lambda: lines_of(done))


@rights.command(
    help=t(
        "监视目录：新文件一到就导入，移到 done/ 或 bad/，旁边附报告；Ctrl-C 或 SIGTERM 做完手上的文件再停",
        "Import the files of a folder as they come; each goes to done/ or bad/ with a report. SIGTERM stops it after a file",
    )
)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path))
@office_option
@as_option
@click.option("--interval", default=2.0, show_default=True, type=click.FloatRange(0.1), help=t("几秒看一次", "Seconds"))
def watch(folder: Path, office: str, staff_id: str, interval: float) -> None:
    """Watch a folder."""
    from cardsvc.cli.citizens.rights_watch import Watch
    from cardsvc.cli.shared.stopping import until_stopped

    with database() as store:
        watching = Watch(store, rule_book(), folder, office, signed_in(store, staff_id, job=True), click.echo)
        until_stopped(watching.look, interval)


@rights.command("list", help=t("导入过的文件，最新的在前", "Files that were imported, newest first"))
@json_option
def list_(*, as_json: bool) -> None:
    """List files."""
    from dataclasses import asdict

    from cardsvc.service.rights.importing import list_files
    from cardsvc.service.words.codes import OFFICES
    from cardsvc.units import LOCAL

    with database() as store:
        found = [{**asdict(file), "imported_at": file.imported_at.astimezone(LOCAL).isoformat()} for file in list_files(store)]
    head = (t("导入", "Imported"), t("机构", "Office"), t("文件", "File"), t("人数", "People"), t("办理人", "By"))
    rows = [
        (
            local_time(one["imported_at"]),
            said(OFFICES, one["office"]),
            one["file_name"],
            str(one["lines"]),
            one["imported_by"],
        )
        for one in found
    ]
    show(found, as_json=as_json, lines=lambda: listed(rows, t("还没有导入过文件", "No files yet"), head))
