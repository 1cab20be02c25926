"""``cardsvc card replay``: an operation's exchange with the card, played again."""

from pathlib import Path
from typing import Any

import click

from cardsvc.cli.local import services
from cardsvc.cli.output import json_option, show, t, table


@click.command(
    help=t(
        "重放一笔业务：今天的程序对录下的卡说同样的话吗？不改任何数据；有差别时退出码 1",
        "Play an operation against the recorded card: does the program still say the same? Exit code 1 when it does not",
    )
)
@click.argument("operation_id")
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    help=t("把录音存成文件（密文已遮盖），供测试使用", "Store the recording, secrets masked, in a file for a test"),
)
@json_option
def replay(operation_id: str, save: Path | None, *, as_json: bool) -> int:
    """Play an operation again."""
    import json

    from cardsvc.service import flight
    from cardsvc.vcard.recorded import RecordedCard

    with services() as opened:
        recording = flight.recording_of(opened.store, operation_id)
        card = RecordedCard(bytes.fromhex(recording.atr), recording.exchanges)
        flight.replay(opened.engine, operation_id, card)
    if save is not None:
        save.write_text(json.dumps(recording.to_json(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    differences = [{"number": d.number, "recorded": d.recorded, "came": d.came} for d in card.differences]
    result = {**recording.to_json(), "differences": differences}
    show(result, as_json=as_json, lines=lambda: _lines(result))
    return 1 if differences else 0


def _lines(result: dict[str, Any]) -> list[str]:
    head = f"{result['operation']}  {result['kind']}  {result['state']}  ATR {result['atr']}"
    rows = [
        (str(number), e["name"], e["command"], (e["answer"] or t("（无应答）", "(no answer)"))[-4:], _time(e["milliseconds"]))
        for number, e in enumerate(result["exchanges"], start=1)
    ]
    if not result["differences"]:
        return [head, *table(rows), t("与录下的完全一致", "the same as was recorded")]
    nothing = t("（没有）", "(nothing)")
    told = [
        f"{d['number']}: {t('录下', 'recorded')} {d['recorded'] or nothing}  {t('现在', 'now')} {d['came'] or nothing}"
        for d in result["differences"]
    ]
    return [head, *table(rows), t("不同之处：", "what differs:"), *told]


def _time(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f"{milliseconds:.1f} ms"
