"""``cardsvc receipt``: print receipts, and check those that citizens bring."""

from pathlib import Path
from typing import Any

import click

from cardsvc.cli.shared.database import write_out
from cardsvc.cli.shared.output import json_option, show, t, table


@click.group(help=t("凭证：打印、核验", "Receipts: print, check"))
def receipt() -> None:
    """Group of receipt commands."""


@receipt.command(
    help=t("凭证签名钥：没有则新建，并显示公钥", "The receipt key: made when there is none; shows the public half")
)
@json_option
def key(*, as_json: bool) -> None:
    """Make or show the receipt key."""
    from cardsvc.bootstrap import create_receipt_key, open_receipt_key
    from cardsvc.config import Settings
    from cardsvc.errors import KeystoreError

    settings = Settings()
    try:
        found = open_receipt_key(settings)
    except KeystoreError as error:
        if error.code != "receipt_key_missing":
            raise
        found = create_receipt_key(settings)
    show({"public_key": found.public_hex}, as_json=as_json, lines=lambda: [found.public_hex])


@receipt.command("show", help=t("打印凭证：充值、消费、退款、收费", "Print the receipt of a top-up, purchase, refund or fee"))
@click.argument("card_no")
@click.argument("transaction_id")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text58", "text80", "escpos58", "escpos80", "pdf"]),
    default="text80",
    show_default=True,
    help=t("纸型：文本、带二维码的 ESC/POS、PDF", "Text, ESC/POS with the QR code, or PDF"),
)
@click.option("--to", "file", type=click.Path(dir_okay=False, path_type=Path), help=t("存到文件", "Write to a file"))
def show_(card_no: str, transaction_id: str, form: str, file: Path | None) -> None:
    """Print a receipt."""
    from cardsvc.bootstrap import open_database, open_receipt_key
    from cardsvc.config import Settings
    from cardsvc.service.books.receipts import printed, receipt_of
    from cardsvc.text import language_of_environment
    from cardsvc.units import parse_card_no

    settings = Settings()
    signing = open_receipt_key(settings)
    store = open_database(settings)
    found = receipt_of(store, signing, parse_card_no(card_no), transaction_id)
    store.close()
    content = printed(found, form, language_of_environment(), settings.public_url)
    write_out(content, file)


@receipt.command(
    help=t(
        "核验凭证（二维码里的文字）。给出 --public-key 时只验签名，不需要数据库",
        "Check the text of a receipt's QR code; with --public-key only the signature, without a database",
    )
)
@click.argument("text")
@click.option("--public-key", help=t("公钥，64 位十六进制", "Public key, 64 hex digits"))
@json_option
def check(text: str, public_key: str | None, *, as_json: bool) -> None:
    """Check a receipt."""
    from cardsvc.bootstrap import open_database, open_receipt_key
    from cardsvc.config import Settings
    from cardsvc.service.books.receipts import check_receipt
    from cardsvc.service.books.statement import opened

    if public_key is not None:
        found: dict[str, Any] = {"receipt": opened(text, public_key).view(), "books": None, "now": None}
    else:
        settings = Settings()
        public = open_receipt_key(settings).public_hex
        store = open_database(settings)
        found = check_receipt(store, public, text)
        store.close()
    show(found, as_json=as_json, lines=lambda: _lines(found))


def _lines(found: dict[str, Any]) -> list[str]:
    verdicts = {
        None: t("签名正确（未查账）", "The signature is right (the books were not asked)"),
        "same": t("签名正确，与账上一致", "The signature is right and the books say the same"),
        "changed": t("签名正确；账上之后有变化：", "The signature is right; the books have changed since:"),
        "unknown": t("签名正确，但账上没有这笔", "The signature is right, but the books have no such transaction"),
    }
    rows = [(name, str(value)) for name, value in found["receipt"].items()]
    now = [f"state: {found['now']['state']}", f"balance: {found['now']['balance']}"] if found["books"] == "changed" else []
    return [verdicts[found["books"]], *now, *table(rows)]
