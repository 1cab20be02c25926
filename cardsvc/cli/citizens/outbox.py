"""``cardsvc outbox``: what the library's system is told, sent until it is taken."""

from typing import Any

import click

from cardsvc.cli.shared.database import database
from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.output import json_option, listed, said, say, show, t
from cardsvc.cli.shared.person import as_option, signed_in


@click.group(help=t("发给图书馆系统的通知：发送、列表、重发", "Notices to the library's system: send, list, try again"))
def outbox() -> None:
    """Group of commands on the outbox."""


@outbox.command(
    help=t(
        "发送到期的通知到 CARDSVC_LIBRARY_URL（签名的 POST）；没收下的隔一段时间再发，间隔加倍",
        "Send what is due to CARDSVC_LIBRARY_URL (signed POSTs); what is not taken is sent again, at doubling pauses",
    )
)
@click.option(
    "--every", type=click.FloatRange(0.1), help=t("每隔几秒再发，直到 SIGTERM", "Again every so many seconds, until SIGTERM")
)
@json_option
def run(every: float | None, *, as_json: bool) -> None:
    """Send what is due."""
    import threading

    from cardsvc.bootstrap import now, open_database, open_receipt_key
    from cardsvc.cli.shared.stopping import until_stopped
    from cardsvc.client.notices import SignedPosts
    from cardsvc.config import Settings
    from cardsvc.errors import RequestError, StoreError
    from cardsvc.service.messages.library import LIBRARY

    settings = Settings()
    if settings.library_url is None:
        raise RequestError("library_url_missing")
    key, store = open_receipt_key(settings), open_database(settings)

    def again(stop: threading.Event) -> None:
        """A database that is away is tried again."""
        try:
            counts = LIBRARY.send_due(store, transport, now, stop)
        except StoreError as error:
            if every is None:
                raise
            say(f"稍后再试：{error.code}", f"Will be tried again: {error.code}")
            return
        if every is None or any(counts.values()):
            told = t(f"收下 {counts['sent']}，没收下 {counts['not_sent']}", f"{counts['sent']} taken, {counts['not_sent']} not")
            show(counts, as_json=as_json, lines=lambda: [told])

    try:
        with SignedPosts(settings.library_url, key, now) as transport:
            if every is None:
                again(threading.Event())
            else:
                until_stopped(again, every)
    finally:
        store.close()


@outbox.command("list", help=t("最近的通知；--failed：发不出去的", "The newest notices; --failed: those that a person sees to"))
@click.option("--failed", is_flag=True, help=t("只列发不出去的", "Only those that could not be sent"))
@json_option
def list_(*, failed: bool, as_json: bool) -> None:
    """List notices."""
    from cardsvc.service.messages.library import list_library

    with database() as store:
        found = list_library(store, failed=failed)
    show(found, as_json=as_json, lines=lambda: _lines(found))


def _lines(found: list[dict[str, Any]]) -> list[str]:
    from cardsvc.service.words.codes import LIBRARY, NOTICES

    head = (
        t("编号", "Id"),
        t("事由", "What"),
        t("状态", "State"),
        t("次数", "Tries"),
        t("下次", "Next try"),
        t("出错", "Error"),
    )
    rows = [
        (
            one["id"],
            said(LIBRARY, one["event"]),
            said(NOTICES, one["state"]),
            str(one["attempts"]),
            local_time(one["next_at"]),
            one["error"] or "-",
        )
        for one in found
    ]
    return listed(rows, t("没有通知", "No notices"), head)


@outbox.command(help=t("发不出去的一条再发（编号见 list）", "Try one again that could not be sent (its id: see list)"))
@click.argument("notice_id")
@as_option
def again(notice_id: str, staff_id: str) -> None:
    """Try one again."""
    from cardsvc.bootstrap import now
    from cardsvc.errors import RequestError
    from cardsvc.service.messages.library import list_library, try_library_again

    with database() as store:
        by = signed_in(store, staff_id)
        one = next((one for one in list_library(store, failed=True) if one["id"] == notice_id), None)
        if one is None:
            raise RequestError("notice_not_failed")
        try_library_again(store, one["citizen_id"], one["number"], by=by, now=now())
    say("会再发送", "It will be sent again")
