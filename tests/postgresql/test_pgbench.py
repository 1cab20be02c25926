"""The statements of a top-up, as pgbench repeats them, are those that the service sends, and the database takes them."""

from pathlib import Path

import pytest

from cardsvc.bootstrap import build, create_database
from cardsvc.cli.bench.cluster import program, scratch_cluster
from cardsvc.cli.bench.fill import fill, ledger_rows
from cardsvc.cli.bench.pgbench import run, script
from cardsvc.cli.bench.topup import issued, top_up
from cardsvc.cli.scratch.settings import scratch_settings
from cardsvc.errors import StoreError
from cardsvc.service.books.audit import verify_ledger
from cardsvc.store import open_store
from cardsvc.store.recording import recorded
from cardsvc.vcard import VirtualCard


def test_pgbench_books_top_ups_on_other_cards(tmp_path: Path) -> None:
    """Each run of the script is a top-up's rows more, on filled cards; ours is not touched again. The server is one of our own,
    and gone afterwards."""
    with scratch_cluster() as url:
        settings = scratch_settings(tmp_path).model_copy(update={"database_url": url})
        create_database(settings)
        opened = build(settings)
        card = VirtualCard.load(issued(opened, tmp_path, 0))
        cards = fill(opened, 200, "")
        assert verify_ledger(opened.store)["breaks"] == []
        with recorded(opened.store) as seen:
            top_up(opened, card)
        assert [sql for sql, _ in seen].count("BEGIN") == [sql for sql, _ in seen].count("COMMIT") == 4
        file = tmp_path / "topup.sql"
        file.write_text(script(opened.store, seen, "3100010100000001", cards, 2))
        assert "3100010100000001" not in file.read_text()
        before = ledger_rows(opened)
        pgbench = program("pgbench")
        assert pgbench is not None
        assert run(pgbench, settings.database_url, file, 2, 1) > 0
        booked = ledger_rows(opened) - before
        assert booked > 0
        assert booked % 2 == 0
        opened.close()
    with pytest.raises(StoreError, match=r"^store_unreachable "):
        open_store(url)
