"""What a run says, and how batches and reports look, on the command line."""

from collections.abc import Mapping
from typing import Any

from cardsvc.cli.shared.output import listed, t, table
from cardsvc.service.bulk.words import BINS, STATES
from cardsvc.service.bulk.words import why as why_in
from cardsvc.text import Text, language_of_environment


def said(texts: Mapping[str, Text], key: str | None) -> str:
    """The text of a key in the person's language; nothing for None."""
    return texts[key].into(language_of_environment()) if key else ""


def why(code: str | None) -> str:
    """An error code as a person reads it."""
    return why_in(code, language_of_environment())


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
    head = (t("批次", "Batch"), t("文件", "File"), t("状态", "State"), t("已制 / 共", "Made / all"), t("人员", "People"))
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
    return listed(rows, t("还没有导入过名单", "No batches yet"), head)


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
