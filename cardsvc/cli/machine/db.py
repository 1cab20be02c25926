"""``cardsvc db``: the database."""

import datetime as dt

import click

from cardsvc.cli.machine.restored import restored
from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.days import MOMENT, local_time
from cardsvc.cli.shared.output import json_option, show, t, table
from cardsvc.units import LOCAL, format_yuan


@click.group(help=t("数据库：升级、检查账目", "Database: upgrade, check the books"))
def db() -> None:
    """Group of database commands."""


db.add_command(restored)


@db.command(help=t("建立或升级数据库", "Make or upgrade the database"))
def upgrade() -> None:
    """Upgrade the database."""
    from cardsvc.bootstrap import create_database
    from cardsvc.config import Settings

    create_database(Settings())
    click.echo(t("数据库已是最新版本", "The database is up to date"))


def _moment(given: dt.datetime | None) -> dt.datetime | None:
    """A moment as people give it: local time of the city."""
    return given.replace(tzinfo=LOCAL) if given else None


@db.command(help=t("试算平衡：各账户余额与合计（合计应为 0）", "Trial balance: every account and the total, which is zero"))
@click.option(
    "--as-of", "before", type=MOMENT, help=t("此刻之前入账的余额（本地时间）", "As it stood before this moment (local time)")
)
@json_option
def balance(before: dt.datetime | None, *, as_json: bool) -> None:
    """Trial balance."""
    from cardsvc.service.cards.views import trial_balance

    with database() as store:
        found = trial_balance(store, _moment(before))

    def lines() -> list[str]:
        from cardsvc.service.words.accounts import account_name

        head = (t("账户", "Account"), t("名称", "What it is"), t("余额", "Balance"))
        rows = [(name, t(*account_name(name)), format_yuan(amount)) for name, amount in found["accounts"].items()]
        return table([head, *rows, (t("合计", "Total"), "", format_yuan(found["total"]))])

    show(found, as_json=as_json, lines=lines)


@db.command(
    help=t("一个账户的明细：期初、每笔、期末（借方为正）", "One account: opening, every line, closing (debits positive)")
)
@click.argument("account")
@click.option("--from", "start", type=MOMENT, required=True, help=t("从（本地时间）", "From (local time)"))
@click.option("--to", "end", type=MOMENT, help=t("到此刻之前；默认现在", "Until before; now when left out"))
@json_option
def statement(account: str, start: dt.datetime, end: dt.datetime | None, *, as_json: bool) -> None:
    """Statement of an account."""
    from cardsvc.bootstrap import now
    from cardsvc.service.cards.views import statement as lines_of

    with database() as store:
        found = lines_of(store, account, start.replace(tzinfo=LOCAL), _moment(end) or now())

    def lines() -> list[str]:
        from cardsvc.service.words.accounts import posting_name

        head = (t("时间", "Time"), t("事由", "What"), t("对方账户", "Other account"), t("金额", "Amount"), t("余额", "Balance"))
        first = (t("期初", "opening"), "", "", "", format_yuan(found["opening"]))
        rows = [
            (local_time(e["at"]), t(*posting_name(e["kind"])), e["other"], format_yuan(e["amount"]), format_yuan(e["balance"]))
            for e in found["lines"]
        ]
        return table([head, first, *rows, (t("期末", "closing"), "", "", "", format_yuan(found["closing"]))])

    show(found, as_json=as_json, lines=lines)
