"""``cardsvc bench``: how fast the host side is, apart from card and network. Figures, not judgements."""

import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

import click

from cardsvc.cli.bench.cards import bench_cards
from cardsvc.cli.bench.page import bench_page
from cardsvc.cli.bench.reconcile import bench_reconcile
from cardsvc.cli.bench.topup import bench_topup
from cardsvc.cli.scratch.people import synthetic_person
from cardsvc.cli.shared.output import json_option, show, t, table


@click.group(
    invoke_without_command=True,
    help=t(
        "测速：个人化、充值、虚拟卡、数据库；cards：检测；reconcile：导入与对账；topup：每秒充值；page：网页",
        "Personalise, top up, virtual card, database; cards: diagnosis; reconcile; topup: top-ups a second; page: in a browser",
    ),
)
@click.option("--rounds", default=50, show_default=True, help=t("轮数", "Rounds"))
@json_option
@click.pass_context
def bench(ctx: click.Context, rounds: int, *, as_json: bool) -> None:
    """Measure."""
    if ctx.invoked_subcommand is not None:
        return
    from cardsvc.bootstrap import build
    from cardsvc.cli.scratch.settings import scratch_settings
    from cardsvc.vcard import PROFILES

    opened = build(scratch_settings())
    figures: dict[str, Any] = {}
    for number, profile in enumerate(p.id for p in opened.profiles if p.issuable and p.id in PROFILES):
        figures.update(_profile(opened, profile, number, rounds))
    opened.close()
    show(figures, as_json=as_json, lines=lambda: table([(name, str(value)) for name, value in figures.items()]))


bench.add_command(bench_cards)
bench.add_command(bench_page)
bench.add_command(bench_reconcile)
bench.add_command(bench_topup)


def _profile(opened: Any, profile: str, number: int, rounds: int) -> dict[str, Any]:
    from cardsvc.bootstrap import now
    from cardsvc.readers.carry import carry_out
    from cardsvc.service.operations.kinds import Actor
    from cardsvc.service.people.register import register_citizen
    from cardsvc.vcard import VirtualCard

    citizen = register_citizen(opened.store, synthetic_person(number), now())
    port = opened.engine.port(Actor("local", "bench", bytes(6), "desk"))
    card = VirtualCard.blank(profile, seed=number)
    channel = card.channel()

    def do(kind: str, params: dict[str, Any]) -> None:
        carry_out(port, channel, kind, params, idempotency_key=str(uuid.uuid4()))

    def top_up_and_spend() -> None:
        do("topup", {"amount": 5000, "payment": {"method": "cash"}})

    card.plan = None
    personalise = _milliseconds(lambda: do("personalise", {"citizen_id": citizen.citizen_id}))
    commands = card.commands
    card.plan = None
    loads = []
    for _ in range(rounds):
        loads.append(_milliseconds(top_up_and_spend))
        do("purchase", {"amount": 5000, "merchant": "bench"})
    plain = _milliseconds(lambda: [card.transmit(b"\x00\x84\x00\x00\x04") for _ in range(2000)]) / 2000
    return {
        f"{profile} personalise APDUs": commands,
        f"{profile} personalise ms": round(personalise, 1),
        f"{profile} topup ms median": round(statistics.median(loads), 2),
        f"{profile} topup ms max": round(max(loads), 2),
        f"{profile} virtual card APDU/s": round(1000 / plain),
    }


def _milliseconds(action: Callable[[], Any]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000
