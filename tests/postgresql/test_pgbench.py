"""The statements of a top-up, as pgbench repeats them, are those that the service sends, and the database takes them."""

from pathlib import Path

from cardsvc.bootstrap import build
from cardsvc.cli.bench_fill import fill, ledger_rows
from cardsvc.cli.bench_pgbench import pgbench, run, script
from cardsvc.cli.bench_topup import issued, top_up
from cardsvc.cli.scratch import scratch_settings
from cardsvc.store.recording import recorded
from cardsvc.vcard import VirtualCard
from tests.postgres import Cluster


def test_pgbench_books_top_ups_on_other_cards(tmp_path: Path) -> None:
    """Each run of the script is a top-up's rows more, on filled cards; ours is not touched again."""
    cluster = Cluster()
    cluster.make()
    cluster.start()
    try:
        settings = scratch_settings(tmp_path).model_copy(update={"database_url": cluster.url()})
        opened = build(settings)
        card = VirtualCard.load(issued(opened, tmp_path, 0))
        cards = fill(opened, 200, "")
        with recorded(opened.store) as seen:
            top_up(opened, card)
        assert [sql for sql, _ in seen].count("BEGIN") == [sql for sql, _ in seen].count("COMMIT") == 4
        file = tmp_path / "topup.sql"
        file.write_text(script(opened.store, seen, "3100010100000001", cards, 2))
        assert "3100010100000001" not in file.read_text()
        before = ledger_rows(opened)
        program = pgbench()
        assert program is not None
        assert run(program, settings.database_url, file, 2, 1) > 0
        booked = ledger_rows(opened) - before
        assert booked > 0
        assert booked % 2 == 0
        opened.close()
    finally:
        cluster.remove()
