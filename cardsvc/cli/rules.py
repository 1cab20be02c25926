"""``cardsvc rules``: the dated rules."""

from pathlib import Path

import click

from cardsvc.cli.output import json_option, show, t, table
from cardsvc.units import format_yuan


@click.group(help=t("规则：查看、检查", "Rules: show, check"))
def rules() -> None:
    """Group of rule commands."""


@rules.command("show", help=t("查看规则表", "Show the rule set"))
@json_option
def show_(*, as_json: bool) -> None:
    """Show the rules."""
    from cardsvc.config import Settings
    from cardsvc.rules import load_rule_set

    found = load_rule_set(Settings().rules)
    head = (
        t("规则", "Rule"),
        t("产品", "Product"),
        t("区", "Area"),
        t("最低", "Min"),
        t("最高", "Max"),
        t("上限", "Cap"),
        t("起", "Since"),
    )
    rows = [
        (r.id, r.product, r.area, format_yuan(r.minimum), format_yuan(r.maximum), format_yuan(r.balance_cap), str(r.since))
        for r in found.load
    ]
    show(found.model_dump(mode="json"), as_json=as_json, lines=lambda: [f"{found.city} {found.version}", *table([head, *rows])])


@rules.command(help=t("检查规则文件；不给文件就检查当前规则", "Check a rule file; the one in force without an argument"))
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def check(file: Path | None) -> None:
    """Check a rule set."""
    from cardsvc.config import Settings
    from cardsvc.rules import load_rule_set

    found = load_rule_set(file or Settings().rules)
    click.echo(f"{found.city} {found.version}: {t('正确', 'correct')}")
