"""``cardsvc readers``: what is connected and what lies in it."""

from typing import Any

import click

from cardsvc.cli.output import json_option, show, t, table


@click.command(help=t("列出读卡器、状态、ATR 和识别到的卡型", "Readers, their state, the ATR and the recognised profile"))
@json_option
def readers(*, as_json: bool) -> None:
    """List readers."""
    from cardsvc.card.profiles import load_profiles
    from cardsvc.config import Settings
    from cardsvc.readers.directory import list_readers

    profiles = load_profiles(Settings().profiles)
    found = [
        {"name": r.name, "state": r.state, "atr": r.atr.hex().upper(), "profile": _profile(profiles, r.atr)}
        for r in list_readers()
    ]
    show(found, as_json=as_json, lines=lambda: _lines(found))


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
    if not found:
        return [t("没有读卡器", "no readers")]
    states = {
        "empty": t("无卡", "empty"),
        "present": t("有卡", "card"),
        "in_use": t("使用中", "in use"),
        "mute": t("无应答", "mute"),
    }
    head = (t("读卡器", "Reader"), t("状态", "State"), "ATR", t("卡型", "Profile"))
    return table([head, *((r["name"], states[r["state"]], r["atr"], r["profile"] or "") for r in found)])
