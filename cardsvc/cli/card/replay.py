"""``cardsvc card replay``: an operation's exchange with the card, played again."""

from pathlib import Path
from typing import Any

import click

from cardsvc.cli.shared.local import books
from cardsvc.cli.shared.output import json_option, show, t, table


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
@click.option(
    "--case",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help=t(
        "做成测试案例存进目录（没有密钥和个人信息），并在一张有同样内存的虚拟卡上重现",
        "Make a case for a test in this folder (no keys, nothing personal) and play it on a virtual card with the same memory",
    ),
)
@json_option
def replay(operation_id: str, save: Path | None, folder: Path | None, *, as_json: bool) -> int:
    """Play an operation again."""
    import json

    if folder is not None:
        return _case(operation_id, folder, as_json=as_json)
    from cardsvc.service.operations import flight
    from cardsvc.vcard.recorded import RecordedCard

    with books() as opened:
        recording = flight.recording_of(opened.store, operation_id)
        card = RecordedCard(bytes.fromhex(recording.atr), recording.exchanges)
        flight.replay(opened.engine, operation_id, card)
    if save is not None:
        save.write_text(json.dumps(recording.to_json(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    differences = [{"number": d.number, "recorded": d.recorded, "came": d.came} for d in card.differences]
    result = {**recording.to_json(), "differences": differences}
    show(result, as_json=as_json, lines=lambda: _lines(result))
    return 1 if differences else 0


def _case(operation_id: str, folder: Path, *, as_json: bool) -> int:
    """Write the case and play it in a throw-away city; exit code 1 when the fault does not show there."""
    import tempfile

    from cardsvc.bootstrap import build
    from cardsvc.cli.card import cases
    from cardsvc.cli.scratch.settings import scratch_settings

    with books() as opened:
        case = cases.case_of(opened.engine, operation_id)
    path = cases.save(case, folder)
    with tempfile.TemporaryDirectory() as scratch:
        city = build(scratch_settings(Path(scratch)))
        try:
            played = cases.play(city.engine, case)
        finally:
            city.close()
    same = played.outcome == case["outcome"]
    result = {
        "file": str(path),
        "recorded": case["outcome"],
        "played": dict(played.outcome),
        "changed": played.changed,
        "same": same,
    }
    show(result, as_json=as_json, lines=lambda: _case_lines(result))
    return 0 if same else 1


def _case_lines(result: dict[str, Any]) -> list[str]:
    verdict = (
        t("虚拟卡上重现了同样的结果", "the same shows on the virtual card")
        if result["same"]
        else t(
            "虚拟卡上结果不同：故障在案例里没有保留的内容（个人信息、密钥、更早的历史）里",
            "the virtual card ends otherwise: the fault lies in what a case does not keep (personal data, keys, older history)",
        )
    )
    return [
        *table(
            [
                (t("案例", "Case"), result["file"]),
                (t("录下", "Recorded"), _outcome_text(result["recorded"])),
                (t("重现", "Played"), _outcome_text(result["played"])),
                (t("改动的内存", "Memory changed"), str(result["changed"])),
            ]
        ),
        verdict,
    ]


def _outcome_text(outcome: dict[str, Any]) -> str:
    return " ".join(filter(None, (outcome.get("state"), outcome.get("problem"), *outcome.get("findings", []))))


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
