"""``cardsvc profiles``: the firmware profiles."""

from pathlib import Path

import click

from cardsvc.cli.shared.local import wait_option
from cardsvc.cli.shared.output import json_option, show, t, table


@click.group(help=t("固件配置：列表、检查、查看", "Firmware profiles: list, check, show"))
def profiles() -> None:
    """Group of profile commands."""


@profiles.command("list", help=t("列出所有固件配置", "List all profiles"))
@json_option
def list_(*, as_json: bool) -> None:
    """List profiles."""
    from cardsvc.card.profiles import load_profiles
    from cardsvc.config import Settings

    found = load_profiles(Settings().profiles)
    rows = [{"id": p.id, "name_zh": p.name_zh, "name_en": p.name_en, "atr": [a.pattern for a in p.atr]} for p in found]
    show(rows, as_json=as_json, lines=lambda: table([(p.id, t(p.name_zh, p.name_en), p.vendor) for p in found]))


@profiles.command(help=t("检查固件配置文件；不给文件就检查全部", "Check profile files; all of them without an argument"))
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
@json_option
def check(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Check profiles."""
    from cardsvc.card.profiles import load_profile, load_profiles
    from cardsvc.config import Settings
    from cardsvc.diagnosis.firmware import check_known_faults

    checked = [load_profile(file) for file in files] if files else load_profiles(Settings().profiles)
    for profile in checked:
        check_known_faults(profile)
    names = [profile.id for profile in checked]
    show({"correct": names}, as_json=as_json, lines=lambda: [f"{name}: {t('正确', 'correct')}" for name in names])


@profiles.command(
    help=t(
        "用虚拟卡对一个固件配置跑全套约定（个人化、充值、断电、锁定……），不合格退出码 1",
        "Run the contract suite on a profile with a virtual card; exit code 1 when a check fails",
    )
)
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option(
    "--reader",
    metavar=t("名称", "NAME"),
    help=t("改用这个读卡器里的真卡，默认只读", "On the real card in this reader instead; reading only by default"),
)
@wait_option
@click.option(
    "--write-blank",
    is_flag=True,
    help=t(
        "读卡器里的空白卡可以报废：在它上面跑全套，密钥用后即弃，此卡再不能用",
        "The blank card in the reader may be lost: run the whole suite on it, under keys that are thrown away",
    ),
)
@json_option
def test(file: Path, reader: str | None, wait: float, *, write_blank: bool, as_json: bool) -> int:
    """Test a profile."""
    if write_blank and reader is None:
        raise click.UsageError(t("--write-blank 要与 --reader 同用", "--write-blank wants --reader"))
    checks = [{"check": name, "failure": failure} for name, failure in _checked(file, reader, wait, write_blank=write_blank)]
    good, bad = t("通过", "ok"), t("不通过", "FAILED")
    lines = [(bad if c["failure"] else good, str(c["check"]), c["failure"] or "") for c in checks]
    show(checks, as_json=as_json, lines=lambda: table(lines))
    return 1 if any(c["failure"] for c in checks) else 0


def _checked(file: Path, reader: str | None, wait: float, *, write_blank: bool) -> list[tuple[str, str | None]]:
    if reader is None:
        from cardsvc.cli.profiles.contract import run_contract

        return run_contract(file)
    from cardsvc.cli.card.diagnose import connector
    from cardsvc.cli.profiles.contract_reader import run_on_card

    with connector(reader, wait, None) as connect:
        return run_on_card(file, connect, write=write_blank)


@profiles.command("show", help=t("查看一个固件配置，连同每个值的来源", "Show a profile with the source of each value"))
@click.argument("profile_id")
@json_option
def show_(profile_id: str, *, as_json: bool) -> None:
    """Show a profile."""
    from cardsvc.card.profiles import load_profiles
    from cardsvc.config import Settings
    from cardsvc.errors import ProfileError

    found = {profile.id: profile for profile in load_profiles(Settings().profiles)}
    if profile_id not in found:
        raise ProfileError("profile_not_found", profile=profile_id, names=", ".join(found))
    value = found[profile_id].model_dump(mode="json", exclude={"layout"})
    layout = found[profile_id].layout
    value["layout"] = f"{layout.id} {layout.version}"
    show(value, as_json=as_json, lines=lambda: _lines(value))


def _lines(value: dict[str, object], indent: str = "") -> list[str]:
    lines: list[str] = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            lines += [f"{indent}{key}:", *_lines(inner, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {inner}")
    return lines
