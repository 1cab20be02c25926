"""``cardsvc terminal certify`` and ``cardsvc terminal relay``: testing a terminal, and being one over lines of text."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from cardsvc.cli.shared.connection import Connection, connection_options
from cardsvc.cli.shared.output import json_option, show, t, table
from cardsvc.units import parse_yuan

if TYPE_CHECKING:
    from cardsvc.client import ApiClient
    from cardsvc.client.journal import Journal
    from cardsvc.iso7816.channel import Channel


@click.command(
    help=t(
        "认证一台终端：丢包、重复、乱序、慢网、拔卡，逐项检验并说明哪里不对",
        "Certify a terminal: lost, repeated, reordered and slow messages, pulled cards; says what failed",
    )
)
@click.option(
    "--command", help=t("被测程序，{url} {id} {key} {amount} 会被替换", "The program; {url} {id} {key} {amount} are filled in")
)
@click.option(
    "--hot-list-command",
    "list_command",
    help=t(
        "更新黑名单的被测程序，{list_key} 为名单公钥；不给则不测",
        "The program that updates the hot list; {list_key}: its public key",
    ),
)
@click.option("--self", "ourselves", is_flag=True, help=t("测我们自己的客户端", "Test our own client"))
@click.option("--scenario", "names", multiple=True, help=t("只做这些场景", "Only these scenarios"))
@json_option
def certify(command: str | None, list_command: str | None, names: tuple[str, ...], *, ourselves: bool, as_json: bool) -> None:
    """Certify a terminal."""
    from cardsvc.cli.certify.run import OUR_LIST, OURSELVES, bench
    from cardsvc.cli.certify.scenarios import LIST_SCENARIOS, SCENARIOS

    if ourselves == (command is not None):
        raise click.UsageError(t("--self 和 --command 二选一", "Give either --self or --command"))
    list_command = OUR_LIST if ourselves else list_command
    wanted = [scenario for scenario in SCENARIOS if not names or scenario.name in names]
    lists = [scenario for scenario in LIST_SCENARIOS if not names or scenario.name in names]
    if len(wanted) + len(lists) < max(1, len(set(names))):
        raise click.UsageError(t("没有这样的场景", "No such scenario"))
    with bench() as bed:
        verdicts = [bed.play(scenario, command or OURSELVES) for scenario in wanted]
        if list_command is not None:
            verdicts += [bed.play_list(scenario, list_command) for scenario in lists]
    failed = sum(bool(verdict.wrong) for verdict in verdicts)
    found = [{"scenario": v.scenario, "said": v.said, "passed": not v.wrong, "wrong": list(v.wrong)} for v in verdicts]
    rows = [("FAIL" if v.wrong else "ok", v.scenario, v.said, "; ".join(v.wrong)) for v in verdicts]
    total = t(f"{len(rows)} 项，{failed} 项不合格", f"{len(rows)} scenarios, {failed} failed")
    show(found, as_json=as_json, lines=lambda: [*table(rows), total])
    raise click.exceptions.Exit(1 if failed else 0)


class _Lines:
    """The card at the other end of standard input and output; see certify/card_line.py for the lines."""

    def __init__(self) -> None:
        self.atr = self._hear("atr")

    def transmit(self, command: bytes) -> bytes:
        """Send a command, return the answer."""
        click.echo(f"apdu {command.hex().upper()}")
        return self._hear("answer")

    def close(self) -> None:
        """Nothing to let go of."""

    @staticmethod
    def _hear(expected: str) -> bytes:
        return answer_in(sys.stdin.readline(), expected)


def answer_in(line: str, expected: str) -> bytes:
    """The bytes in a line of the card program: the expected word, then hex. ``cancel`` says that the customer wants no more
    (CardError ``customer_cancelled``), another word that the card left (CardGone); what is not hex is CardError
    ``answer_malformed``."""
    from cardsvc.errors import CardError, CardGone

    word, _, rest = line.strip().partition(" ")
    if word == "cancel":
        raise CardError("customer_cancelled")
    if word != expected:
        raise CardGone("card_gone")
    try:
        return bytes.fromhex(rest)
    except ValueError:
        raise CardError("answer_malformed", reason="not hex") from None


@click.command(
    help=t("以文本行与读卡程序对接的充值终端（见 terminal-vendor.md）", "Top up, the card on standard input and output")
)
@click.argument("amount")
@connection_options
def relay(amount: str, connection: Connection) -> None:
    """Be a terminal over lines of text."""
    from cardsvc.client.journal import Journal

    with connection.open() as port:
        click.echo(
            f"result {top_up(port, Journal(connection.key_file.with_suffix('.journal')), _Lines, int(parse_yuan(amount)))}"
        )


def top_up(port: "ApiClient", journal: "Journal", card: "Callable[[], Channel]", amount: int) -> str:
    """One top-up in fen, as a terminal does it. Gives what it says came of it: done, or failed or unknown with the code."""
    from cardsvc.client.http import ServiceRefused
    from cardsvc.client.jobs import recover, run_job
    from cardsvc.errors import CardsvcError
    from cardsvc.readers.carry import CarriedOut

    try:
        recover(port, journal)
        run_job(port, journal, card(), "topup", {"amount": amount, "payment": {"method": "cash"}})
    except (CarriedOut, ServiceRefused) as error:
        problem = (error.reply.problem if isinstance(error, CarriedOut) else error.problem) or {}
        return f"{'unknown' if problem.get('outcome') == 'unknown' else 'failed'} {problem.get('code')}"
    except CardsvcError as error:
        return f"{'unknown' if error.outcome == 'unknown' else 'failed'} {error.code}"
    return "done"
