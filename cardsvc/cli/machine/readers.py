"""``cardsvc readers``: what is connected and what lies in it, how the readers fare, and bringing a stuck one back."""

from typing import Any

import click

from cardsvc.cli.shared.output import json_option, listed, show, t


@click.group(
    invoke_without_command=True,
    help=t(
        "列出读卡器、状态、ATR 和识别到的卡型；health 看健康状况，reset 恢复卡住的读卡器",
        "Readers, their state, the ATR and the recognised profile; health: how they fare, reset: bring a stuck one back",
    ),
)
@json_option
@click.pass_context
def readers(context: click.Context, *, as_json: bool) -> None:
    """List readers."""
    if context.invoked_subcommand is not None:
        return
    from cardsvc.card.profiles import load_profiles
    from cardsvc.config import Settings
    from cardsvc.readers.directory import list_readers

    profiles = load_profiles(Settings().profiles)
    found = [
        {"name": r.name, "state": r.state, "atr": r.atr.hex().upper(), "profile": _profile(profiles, r.atr)}
        for r in list_readers()
    ]
    show(found, as_json=as_json, lines=lambda: _lines(found))


@readers.command(
    help=t(
        "读卡器健康：近几天的失败率、应答时间、超时、重连，和该怎么办；有要更换的，退出码 1",
        "How every reader fares: failures, times, timeouts, resets, what to do; exit code 1 when one is to be changed",
    )
)
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 400), help=t("看几天", "How many days"))
@json_option
def health(days: int, *, as_json: bool) -> int:
    """Readers' health."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.shared.local import books
    from cardsvc.service.management.reader_overview import readers_overview

    with books() as opened:
        found = readers_overview(opened.store, now(), days)
    show(found, as_json=as_json, lines=lambda: _health_lines(found))
    return 1 if any(one["verdict"] == "change" for one in found) else 0


@readers.command(
    help=t(
        "恢复卡住的读卡器：给卡断电再上电，直到它应答；不行就说该动手做什么",
        "Bring a stuck reader back: its card is powered off and on until it answers; else it says what a hand must do",
    )
)
@click.argument("reader", required=False)
@click.option("--wait", default=5.0, show_default=True, help=t("最多试几秒", "Seconds to try"))
@json_option
def reset(reader: str | None, wait: float, *, as_json: bool) -> None:
    """Reset a reader."""
    from cardsvc.readers.directory import find_reader, recover

    facts = recover(find_reader(reader).name, wait).to_json()
    done = t(f"读卡器 {facts['name']} 已恢复，卡片应答正常", f"The reader {facts['name']} is back, its card answers")
    show(facts, as_json=as_json, lines=lambda: [done])


def _profile(profiles: Any, atr: bytes) -> str | None:
    from cardsvc.card.profiles import recognise
    from cardsvc.errors import ProfileError

    if not atr:
        return None
    try:
        return recognise(profiles, atr).id
    except ProfileError as error:
        return error.code


def _lines(found: list[dict[str, Any]]) -> list[str]:
    states = {
        "empty": t("无卡", "empty"),
        "present": t("有卡", "card"),
        "in_use": t("使用中", "in use"),
        "mute": t("无应答", "mute"),
    }
    head = (t("读卡器", "Reader"), t("状态", "State"), "ATR", t("卡型", "Profile"))
    rows = [(r["name"], states[r["state"]], r["atr"], r["profile"] or "") for r in found]
    return listed(rows, t("没有读卡器", "No readers"), head)


def _health_lines(found: list[dict[str, Any]]) -> list[str]:
    from cardsvc.service.management.reader_overview import ADVICE, VERDICTS
    from cardsvc.text import language_of_environment

    language = language_of_environment()
    head = (
        t("地点", "Place"),
        t("读卡器", "Reader"),
        t("次数", "Uses"),
        t("失败", "Failed"),
        t("超时", "Timeouts"),
        t("重连", "Resets"),
        t("平均/最慢 毫秒", "Mean/slowest ms"),
        t("结论", "Verdict"),
    )
    rows = [
        (
            one["place"],
            one["reader"] or "-",
            str(one["uses"]),
            f"{one['failed']} ({one['share']:.0%})",
            str(one["timeouts"]),
            str(one["resets"]),
            f"{one['mean']:.1f}/{one['slowest']}",
            VERDICTS[one["verdict"]].into(language),
        )
        for one in found
    ]
    advice = [
        f"{one['place']} {one['reader']}: {ADVICE[one['verdict']].into(language)}" for one in found if one["verdict"] != "good"
    ]
    return [*listed(rows, t("这几天没有用过读卡器", "No reader was used in these days"), head), *advice]
