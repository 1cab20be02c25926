"""``cardsvc db restored``: the database came from a backup, and what was booked since is lost."""

import datetime as dt

import click

from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.days import MOMENT
from cardsvc.cli.shared.output import json_option, t
from cardsvc.cli.shared.person import as_option, signed_in
from cardsvc.units import LOCAL


@click.command(
    help=t(
        "登记：数据库从备份恢复，这段时间的账缺失；另一人同意后，卡片可以补账",
        "Say that the database was restored and what time is lost; a second person agrees, then cards catch up",
    )
)
@click.option(
    "--from", "since", type=MOMENT, required=True, help=t("备份的时刻（本地时间）", "When the backup was made (local time)")
)
@click.option("--to", "until", type=MOMENT, required=True, help=t("恢复前停机的时刻", "When the lost database was last in use"))
@click.option("--backup", required=True, help=t("哪一份备份", "Which backup it was"))
@click.option("--reason", required=True, help=t("原因", "Why"))
@as_option
@json_option
def restored(since: dt.datetime, until: dt.datetime, backup: str, reason: str, staff_id: str, *, as_json: bool) -> None:
    """Propose that a time is lost."""
    from cardsvc.bootstrap import now
    from cardsvc.cli.staff.approvals import show_approval
    from cardsvc.service.purse.restored import tell_restored

    with database() as store:
        by = signed_in(store, staff_id)
        times = since.replace(tzinfo=LOCAL), until.replace(tzinfo=LOCAL)
        asked = tell_restored(store, *times, backup, reason, by=by, now=now())
    show_approval(asked, as_json=as_json)
