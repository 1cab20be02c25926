"""The commands: check and load a file, keep its photos, run a batch, pause it, give a lost card up, list, show, report."""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.making.bulk_words import batch_lines, event_line, person_lines, said
from cardsvc.cli.shared.database import content_of, database, rule_book, write_file
from cardsvc.cli.shared.output import json_option, say, show, t
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.cli.shared.progress import progress_bar

if TYPE_CHECKING:
    from cardsvc.service.bulk.run import Feeder
    from cardsvc.service.operations.engine import Engine

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
batch_argument = click.argument("batch_id", metavar="BATCH")


@click.group(help=t("批量制卡：检查名单、导入、制卡、报告", "Bulk issue: check and load a file of people, make their cards"))
def bulk() -> None:
    """Group of bulk commands."""


@bulk.command(
    help=t("检查名单，逐行指出错误，不存任何内容", "Check a file of people: every bad line is named, nothing is stored")
)
@file_argument
@json_option
def check(file: Path, *, as_json: bool) -> None:
    """Check a file."""
    from cardsvc.bootstrap import now
    from cardsvc.card.profiles import load_profiles
    from cardsvc.config import find_profiles
    from cardsvc.service.bulk.loading import check_people
    from cardsvc.service.people.reasons import lines_wrong
    from cardsvc.text import Text, language_of_environment

    with database() as store:
        checked = check_people(store, load_profiles(find_profiles()), content_of(file), now())
    language = language_of_environment()
    known = checked.batch.batch_id if checked.batch else None
    lines = [
        *(problem.into(language) for problem in checked.problems),
        *([t(f"这个文件已是批次 {known}", f"This file is batch {known} already")] if known else []),
        t(f"{checked.people} 人可以制卡", f"{checked.people} people can get their cards"),
    ]
    problems = [
        {"line": problem.line, "column": problem.column, "reason": problem.reason, "detail": problem.detail}
        for problem in checked.problems
    ]
    found = {"people": checked.people, "problems": problems, "batch_id": known}
    show(found, as_json=as_json, lines=lambda: lines)
    if checked.problems:
        raise lines_wrong(checked.problems, Text("都列在上面", "all of them are named above"))


@bulk.command(
    help=t(
        "导入名单为一个批次；有错行则什么都不存；同一文件再次导入是同一批次",
        "Load a file as a batch, as a whole or not at all, once",
    )
)
@file_argument
@as_option
@json_option
def load(file: Path, staff_id: str, *, as_json: bool) -> None:
    """Load a file."""
    from cardsvc.bootstrap import now
    from cardsvc.card.profiles import load_profiles
    from cardsvc.config import find_profiles
    from cardsvc.service.bulk.batches import list_batches
    from cardsvc.service.bulk.loading import load_people

    with database() as store:
        by, profiles = signed_in(store, staff_id), load_profiles(find_profiles())
        done = load_people(store, profiles, file.name, content_of(file), by=by, now=now())
        view = next(batch for batch in list_batches(store) if batch["batch_id"] == done.batch.batch_id)
    again = [t("这个文件以前导入过，没有改动", "This file was loaded before; nothing was changed")] if done.again else []
    show({**view, "again": done.again}, as_json=as_json, lines=lambda: [*batch_lines([view]), *again])


@bulk.command(
    help=t(
        "保存一个批次的照片，打卡面用：目录或 ZIP 里每人一个 JPG，文件名是身份证号；有错的文件则什么都不存",
        "Keep the photos of a batch for its faces: a folder or ZIP, one JPG a person, named by ID number; all or none",
    )
)
@batch_argument
@click.argument("folder", metavar="FOLDER|ZIP", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--consent", is_flag=True, help=t("送名单的单位有本人（监护人）同意", "Who sent the list has its people's consent")
)
@as_option
@json_option
def photos(batch_id: str, folder: Path, staff_id: str, *, consent: bool, as_json: bool) -> None:
    """Keep photos."""
    from cardsvc.bootstrap import now
    from cardsvc.service.bulk.photo_files import in_zip, photo_files
    from cardsvc.service.bulk.photos import keep_photos

    with ExitStack() as opened, database() as store:
        if folder.is_file():
            sent = in_zip(folder.name, opened.enter_context(folder.open("rb")))
        else:
            files = sorted(file for file in folder.iterdir() if file.suffix.lower() in (".jpg", ".jpeg"))
            sent = ((file.name, partial(content_of, file)) for file in files)
        found = photo_files(sent)
        done = keep_photos(store, rule_book(), batch_id, found, consent=consent, by=signed_in(store, staff_id), now=now())
    without = ", ".join(map(str, done["without"]))
    lines = [
        t(f"新存 {done['kept']} 张，以前已有 {done['known']} 张", f"{done['kept']} kept, {done['known']} were there before"),
        *([t(f"还没有照片的行：{without}", f"Lines without a photo: {without}")] if without else []),
    ]
    show(done, as_json=as_json, lines=lambda: lines)


@bulk.command("list", help=t("制卡批次，最新的在前", "Batches, newest first"))
@json_option
def list_(*, as_json: bool) -> None:
    """List batches."""
    from cardsvc.service.bulk.batches import list_batches

    with database() as store:
        found = list_batches(store)
    show(found, as_json=as_json, lines=lambda: batch_lines(found))


@bulk.command(
    "show", help=t("一个批次，以及做到一半、废卡和没做成的行", "A batch, and its lines that are begun, spoiled or failed")
)
@batch_argument
@json_option
def show_(batch_id: str, *, as_json: bool) -> None:
    """Show a batch."""
    from cardsvc.service.bulk.batches import show_batch

    with database() as store:
        found = show_batch(store, batch_id)
    show(found, as_json=as_json, lines=lambda: person_lines(found))


@bulk.command(
    help=t("暂停：不再开始新卡，读卡器上的卡做完", "Pause: no further card is begun, those on the readers are finished")
)
@batch_argument
def pause(batch_id: str) -> None:
    """Pause a batch."""
    from cardsvc.service.bulk.batches import pause as pause_batch

    with database() as store:
        pause_batch(store, batch_id)
    say("已暂停", "Paused")


@bulk.command(
    "give-up", help=t("做到一半的卡丢了或坏了：作废，给这个人另做一张", "A begun card is lost or broken: void it, make another")
)
@batch_argument
@click.argument("line", type=int)
@as_option
@json_option
def give_up_(batch_id: str, line: int, staff_id: str, *, as_json: bool) -> None:
    """Give a begun card up."""
    from cardsvc.cli.shared.local import books
    from cardsvc.service.bulk.batches import give_up

    with books() as opened:
        given = give_up(opened.engine, batch_id, line, by=signed_in(opened.store, staff_id))
    found = {"line": given.line, "state": str(given.state), "card_no": given.card_no, "spoiled": given.spoiled}
    show(found, as_json=as_json, lines=lambda: [t(f"卡 {given.card_no} 已作废", f"Card {given.card_no} is void")])


@bulk.command(help=t("每个人的结果；--csv 存成表格", "What became of each person; --csv writes a spreadsheet"))
@batch_argument
@click.option(
    "--csv", "target", type=click.Path(dir_okay=False, path_type=Path), help=t("存到这个 CSV 文件", "Write this CSV file")
)
@json_option
def report(batch_id: str, target: Path | None, *, as_json: bool) -> None:
    """Report on a batch."""
    from cardsvc.service.bulk.batches import report_batch
    from cardsvc.service.bulk.words import report_csv
    from cardsvc.text import language_of_environment

    with database() as store:
        found = report_batch(store, batch_id)
    if target is None:
        show(found, as_json=as_json, lines=lambda: person_lines(found))
        return
    write_file(target, report_csv(found, language_of_environment()).encode("utf-8-sig"))
    show(
        {**found, "lines_told": [], "csv": str(target)},
        as_json=as_json,
        lines=lambda: [*batch_lines([found]), t(f"已存到 {target}", f"Written to {target}")],
    )


@bulk.command(
    help=t(
        "制卡：往读卡器里一张张放空白卡；中断、暂停、拔卡后运行同一命令接着做。Ctrl-C 做完手上的卡再停",
        "Make the cards: feed blanks into the readers. Run it again after any break; Ctrl-C finishes the cards on the readers",
    )
)
@batch_argument
@click.option(
    "--reader",
    "patterns",
    multiple=True,
    metavar="PATTERN",
    help=t("读卡器名称或正则式，可多个", "Reader, or a pattern; any number"),
)
@click.option(
    "--vcard",
    "card_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=t(
        "不用读卡器，依次放入虚拟卡文件（训练用）", "Files of virtual cards instead of a reader, one after the other (training)"
    ),
)
@click.option(
    "--stop-after",
    default=3,
    show_default=True,
    type=click.IntRange(1),
    help=t("连续几张没做成就停", "Failures in a row that stop it"),
)
@as_option
@click.option("--json", "as_json", is_flag=True, help=t("每个事件一行 JSON", "One line of JSON for each event"))
def run(
    batch_id: str, patterns: tuple[str, ...], card_files: tuple[Path, ...], stop_after: int, staff_id: str, *, as_json: bool
) -> None:
    """Make the cards of a batch."""
    from cardsvc.cli.shared.local import services
    from cardsvc.service.bulk.batches import show_batch
    from cardsvc.service.bulk.run import BulkRun

    with services() as opened, progress_bar(t("制卡", "Making cards")) as progress:
        by, feeders = signed_in(opened.store, staff_id), _feeders(opened.engine, patterns, card_files)
        begun = show_batch(opened.store, batch_id)
        tell = _teller(progress, begun["lines"] - begun["left"], begun["lines"], as_json=as_json)
        reason = "failed"
        try:
            reason = BulkRun(opened.engine, batch_id, feeders, tell, stop_after=stop_after).go(by=by)
        finally:
            ended = show_batch(opened.store, batch_id)
            _tell_end(reason, ended, as_json=as_json)


def _feeders(engine: "Engine", patterns: tuple[str, ...], card_files: tuple[Path, ...]) -> "list[Feeder]":
    """The readers that are meant. Raises ReaderError for a pattern that does not mean one reader."""
    from cardsvc.cli.making.feeders import CardFiles, PcscReader
    from cardsvc.readers.directory import find_reader

    if bool(patterns) == bool(card_files):
        raise click.UsageError(t("给出 --reader（可多个）或 --vcard", "Give --reader, once or more, or --vcard"))
    if card_files:
        return [CardFiles(engine, card_files)]
    return [PcscReader(engine, name) for name in dict.fromkeys(find_reader(pattern).name for pattern in patterns)]


def _teller(
    progress: Callable[[int, int], None], done: int, total: int, *, as_json: bool
) -> Callable[[Mapping[str, Any]], None]:
    """Tells each event on stdout, and how far the batch is on a terminal."""
    ended: set[int] = set()

    def tell(event: Mapping[str, Any]) -> None:
        click.echo(json.dumps(event, ensure_ascii=False) if as_json else event_line(event))
        if event.get("state") in ("made", "failed"):
            ended.add(event["line"])
        progress(min(done + len(ended), total), total)

    return tell


def _tell_end(reason: str, batch: dict[str, Any], *, as_json: bool) -> None:
    """How the run ended and where the batch stands."""
    from cardsvc.service.bulk.words import REASONS

    if as_json:
        stands = {name: batch[name] for name in ("state", "counts", "left", "cards_to_destroy")}
        click.echo(json.dumps({"event": "end", "reason": reason, **stands}, ensure_ascii=False))
        return
    for line in person_lines(batch):
        click.echo(line)
    if reason in REASONS:
        click.echo(said(REASONS, reason))
