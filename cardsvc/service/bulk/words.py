"""What runs of bulk issue say, and the report as a spreadsheet: the same words on the command line and on the desk page."""

import csv
import datetime as dt
import io
import re
from collections.abc import Mapping
from typing import Any

from cardsvc.errors.catalog import all_entries
from cardsvc.printing.sheet import harmless
from cardsvc.service.machines import BULK_BATCH, BULK_LINE
from cardsvc.text import Language, Text
from cardsvc.units import LOCAL

BINS = {
    "good": Text("好卡盒", "good bin"),
    "bad": Text("废卡盒", "bad bin"),
    "aside": Text("放一边，不要销毁", "put aside, do not destroy"),
    "again": Text("同一张卡再放一次", "put the same card in again"),
    "stock": Text("还是空白卡，放回", "still blank, back to the stack"),
}
STATES = {**BULK_LINE.words, **BULK_BATCH.words}
REASONS = {
    "done": Text("这个批次做完了", "This batch is done"),
    "paused": Text("批次已暂停；再次开始即可接着做", "The batch is paused; run it again to go on"),
    "stopped": Text("已停止；再次开始即可接着做", "Stopped; run it again to go on"),
    "no_more_cards": Text("没有卡了；再次开始即可接着做", "No more cards; run it again to go on"),
}
_DETAIL = r"\{[^}]*\}"
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


def why(code: str | None, language: Language) -> str:
    """An error code as a person reads it. Its details are not kept: what stands in brackets or after a last colon goes too."""
    if code is None:
        return ""
    entry = all_entries()[code]
    words = re.sub(rf" ?[（(][^（()）]*{_DETAIL}[^（()）]*[)）]", "", Text(entry.zh, entry.en).into(language))
    words = re.sub(rf"([；;][^；;]*)?[：:] ?{_DETAIL}$", "", words)
    return f"{re.sub(_DETAIL, '…', words)} ({code})"


def report_csv(report: Mapping[str, Any], language: Language) -> str:
    """Every line of a batch as CSV, for a spreadsheet: a field that looks like a formula is made text."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([title.into(language) for title in COLUMNS.values()])
    for line in report["lines_told"]:
        texts = {
            "state": STATES[line["state"]].into(language),
            "bin": BINS[line["bin"]].into(language) if line["bin"] else "",
            "card_no": _grouped(line["card_no"] or ""),
            "spoiled": ", ".join(map(_grouped, line["spoiled"])),
            "changed_at": f"{dt.datetime.fromisoformat(line['changed_at']).astimezone(LOCAL):%Y-%m-%d %H:%M:%S}",
        }
        cells = ({**line, **texts}[column] for column in COLUMNS)
        writer.writerow([harmless("" if cell is None else str(cell)) for cell in cells])
    return text.getvalue()


def _grouped(card_no: str) -> str:
    """As printed on the card: a spreadsheet takes 16 digits for a number and loses the last."""
    return " ".join(card_no[start : start + 4] for start in range(0, len(card_no), 4))
