"""``cardsvc db``: the database."""

import click

from cardsvc.cli.output import json_option, show, t, table
from cardsvc.units import format_yuan


@click.group(help=t("数据库：升级、检查账目", "Database: upgrade, check the books"))
def db() -> None:
    """Group of database commands."""


@db.command(help=t("建立或升级数据库", "Make or upgrade the database"))
def upgrade() -> None:
    """Upgrade the database."""
    from cardsvc.bootstrap import open_database
    from cardsvc.config import Settings

    open_database(Settings()).close()
    click.echo(t("数据库已是最新版本", "The database is up to date"))


@db.command(help=t("试算平衡：各账户余额与合计（合计应为 0）", "Trial balance: every account and the total, which is zero"))
@json_option
def balance(*, as_json: bool) -> None:
    """Trial balance."""
    from cardsvc.bootstrap import open_database
    from cardsvc.config import Settings
    from cardsvc.service.views import trial_balance

    store = open_database(Settings())
    found = trial_balance(store)
    store.close()
    rows = [(name, format_yuan(amount)) for name, amount in found["accounts"].items()]
    show(found, as_json=as_json, lines=lambda: table([*rows, (t("合计", "Total"), format_yuan(found["total"]))]))
