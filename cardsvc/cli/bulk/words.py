"""What a run says, and how batches and reports look, for people."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from cardsvc.cli.output import t, table
from cardsvc.errors.catalog import all_entries
from cardsvc.text import Text, language_of_environment

BINS = {
    "good": Text("好卡盒", "good bin"),
    "bad": Text("废卡盒", "bad bin"),
    "aside": Text("放一边，不要销毁", "put aside, do not destroy"),
    "again": Text("同一张卡再放一次", "put the same card in again"),
    "stock": Text("还是空白卡，放回", "still blank, back to the stack"),
}
STATES = {
    "waiting": Text("等待", "waiting"),
    "making": Text("做到一半", "begun"),
    "made": Text("做成", "made"),
    "voided": Text("卡废，等下一张", "card void, waits for another"),
    "failed": Text("没有做成", "failed"),
    "ready": Text("未开始", "not begun"),
    "running": Text("进行中", "running"),
    "paused": Text("已暂停", "paused"),
    "done": Text("完成", "done"),
}
REASONS = {
    "done": Text("这个批次做完了", "This batch is done"),
    "paused": Text("批次已暂停；再运行同一命令接着做", "The batch is paused; run the same command to go on"),
    "stopped": Text("已停止；再运行同一命令接着做", "Stopped; run the same command to go on"),
    "no_more_cards": Text("没有卡了；再运行同一命令接着做", "No more cards; run the same command to go on"),
}
COLUMNS = {
    "line": Text("行号", "line"),
    "name": Text("姓名", "name"),
    "id_number": Text("身份证号", "ID number"),
    "state": Text("状态", "state"),
    "card_no": Text("卡号", "card"),
    "bin": Text("卡盒", "bin"),
    "error": Text("原因", "reason"),
    "attempts": Text("次数", "attempts"),
    "spoiled": Text("废卡", "spoiled cards"),
    "reader": Text("读卡器", "reader"),
    "operation_id": Text("业务号", "operation"),
    "changed_at": Text("时间", "time"),
}


def said(texts: Mapping[str, Text], key: str | None) -> str:
    """The text of a key in the person's language; nothing for None."""
    return texts[key].into(language_of_environment()) if key else ""


def why(code: str | None) -> str:
    """An error code as a person reads it."""
    if code is None:
        return ""
    entry = all_entries()[code]
    return f"{t(entry.zh, entry.en)} ({code})" if "{" not in entry.zh else code


def event_line(event: Mapping[str, Any]) -> str:
    """An event of a run on one line."""
    if event["event"] == "first_article":
        found = {
            True: t("合格", "right"),
            False: t("不合格", "wrong"),
            None: t("没检完卡就离开了", "the card left before it was known"),
        }
        return f"{t('首件检验', 'First-article check')} {event['card_no']}: {found[event['right']]}"
    line = t(f"第 {event['line']} 行", f"line {event['line']}") if event["line"] else ""
    nobody = t("现在不再开始新卡", "no new card is begun now") if event["bin"] == "stock" and not event["code"] else ""
    parts = (line, said(STATES, event["state"]), event["card_no"], why(event["code"]) or nobody)
    return f"[{event['reader']}] {said(BINS, event['bin'])}  " + "  ".join(part for part in parts if part)


def batch_lines(found: list[dict[str, Any]]) -> list[str]:
    """Batches as a table."""
    rows = [
        (
            batch["batch_id"],
            batch["file_name"],
            said(STATES, batch["state"]),
            f"{batch['counts']['made']}/{batch['lines']}",
            " ".join(f"{said(STATES, state)} {count}" for state, count in batch["counts"].items() if count),
        )
        for batch in found
    ]
    return table(rows)


def person_lines(report: Mapping[str, Any]) -> list[str]:
    """The people of a batch, and the cards that are to be destroyed."""
    rows = [
        (
            str(line["line"]),
            line["name"],
            line["id_number"],
            said(STATES, line["state"]),
            line["card_no"] or "",
            why(line["error"]),
        )
        for line in report["lines_told"]
    ]
    count = report["cards_to_destroy"]
    spoiled = [t(f"要清点销毁的废卡：{count} 张", f"Spoiled cards to be counted and destroyed: {count}")] if count else []
    return [*batch_lines([dict(report)]), *table(rows), *spoiled]


def report_csv(report: Mapping[str, Any]) -> str:
    """Every line of a batch as CSV, for a spreadsheet: a field that looks like a formula is made text."""
    from cardsvc.cli.card import local_time

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([said(COLUMNS, column) for column in COLUMNS])
    for line in report["lines_told"]:
        texts = {
            "state": said(STATES, line["state"]),
            "bin": said(BINS, line["bin"]),
            "card_no": _grouped(line["card_no"] or ""),
            "spoiled": ", ".join(map(_grouped, line["spoiled"])),
            "changed_at": local_time(line["changed_at"]),
        }
        writer.writerow([_plain({**line, **texts}[column]) for column in COLUMNS])
    return text.getvalue()


def _grouped(card_no: str) -> str:
    """As printed on the card: a spreadsheet takes 16 digits for a number and loses the last."""
    return " ".join(card_no[start : start + 4] for start in range(0, len(card_no), 4))


def _plain(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
