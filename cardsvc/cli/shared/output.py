"""How the command line speaks: two languages, text or JSON, exit codes."""

import json
import os
import signal
import sys
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from cardsvc.text import Language, Text, language_of_environment

if TYPE_CHECKING:
    from cardsvc.errors import CardsvcError

PIPE_CLOSED = 128 + signal.SIGPIPE
"""Exit code where nobody reads the output any more: what a shell gives a program that SIGPIPE ended. The signal itself stays
off, or a database that closes its connection would end a command at a card."""
UNKNOWN_EXIT = 75
"""Exit code of everything whose outcome is unknown: the card must be presented again."""
UNEXPECTED_EXIT = 1
"""Exit code of what has no code in the catalog."""
EXIT_CODES = {
    **dict.fromkeys(("request", "staff", "batch", "bulk", "rights", "person", "day_input", "desk"), 2),
    "rule": 3,
    "card": 4,
    "reader": 5,
    "profile": 6,
    "keystore": 7,
    "store": 8,
    **dict.fromkeys(("operation", "day", "face", "hall", "stock", "consignment"), 9),
}
"""By the family of an error code, which is its file in the catalog."""


def t(zh: str, en: str) -> str:
    """A text in the language of this terminal."""
    return Text(zh, en).into(language_of_environment())


def said(words: Mapping[str, Text], code: str | None) -> str:
    """A code in words, in the language of this terminal; "-" where there is none."""
    from cardsvc.service.words.codes import called

    return t(*called(words, code))


json_option = click.option("--json", "as_json", is_flag=True, help=t("输出 JSON", "Print JSON"))


def show(value: Any, *, as_json: bool, lines: Callable[[], list[str]] | None = None) -> None:
    """A result on stdout: JSON, or the lines that a person reads."""
    if as_json or lines is None:
        click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
        return
    for line in lines():
        click.echo(line)


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns side by side; Chinese characters are two columns wide."""
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def listed(rows: Sequence[tuple[str, ...]], nothing: str, head: tuple[str, ...] = ()) -> list[str]:
    """A list: its rows below their heading, or, where there are none, ``nothing``, which says so in words."""
    if not rows:
        return [nothing]
    return table([head, *rows] if head else rows)


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def say(zh: str, en: str) -> None:
    """A remark for the person, on stderr."""
    click.echo(t(zh, en), err=True)


def problem_lines(problem: Mapping[str, Any]) -> list[str]:
    """A problem as a person reads it: what happened, what became of it, what to do."""
    outcomes = {"not_done": ("没有办成，没有改动", "not done"), "done": ("已办成", "done"), "unknown": ("结果未知", "unknown")}
    outcome = Text(*outcomes[problem["outcome"]])
    language = language_of_environment()
    detail, following = problem.get("detail", {}), problem.get("next_step", {})
    return [
        f"{t('错误', 'Error')} {problem['code']}: {detail.get(language, '')}",
        f"{t('结果', 'Outcome')}: {outcome.into(language)}",
        f"{t('下一步', 'Next')}: {following.get(language, '')}",
        *(_by_rule(problem["rule"], language) if problem.get("rule") else ()),
        *(
            f"{t('这种固件的已知故障', 'Known fault of this firmware')} ({fault['versions']}): "
            f"{fault['symptom'][language]} - {fault['cure'][language]}"
            for fault in problem.get("known_faults", ())
        ),
    ]


def _by_rule(rule: Mapping[str, Any], language: Language) -> Iterator[str]:
    """Which rule refused, and what it rests on."""
    yield f"{t('依据', 'By rule')}: {rule['id']} ({rule['version']}): {rule['source'][language]}"


def guarded(action: Callable[[], Any]) -> int:
    """Run a command; returns its exit code. Errors with a code are told; an unexpected one is told by a number."""
    try:
        result = _clicked(action)
        sys.stdout.flush()
    except BrokenPipeError:
        return _unheard()
    except SystemExit as ended:  # click: 1, for a closed pipe, though it is told not to exit; gunicorn: once it is stopped
        if ended.code == 1:
            return _unheard()
        result = ended.code
    except Exception as error:
        return _told(_problem_in(error))
    return result if isinstance(result, int) else 0


def known_problem(error: Exception) -> Mapping[str, Any]:
    """What an error with a code says to a person, whether it arose here, on the way or in the service. Any other goes up."""
    from cardsvc.client.http import ServiceRefused
    from cardsvc.errors import CardsvcError
    from cardsvc.readers.carry import CarriedOut
    from cardsvc.service.operations.problem import problem_of

    if isinstance(error, CarriedOut):
        return error.reply.problem or {}
    if isinstance(error, ServiceRefused):
        return error.problem
    if isinstance(error, CardsvcError):
        return problem_of(error)
    raise error


def _problem_in(error: Exception) -> Mapping[str, Any]:
    """What any error says to a person."""
    from cardsvc.errors import CardsvcError

    try:
        return known_problem(error)
    except OSError as of_the_system:
        return known_problem(_about(of_the_system))
    except Exception as unexpected:
        return known_problem(CardsvcError("internal_error", incident=_kept(unexpected)))


def _about(error: OSError) -> "CardsvcError":
    """What the system's error is about: a file that it names; the output, where it arose as that was written; or anything else,
    also a file that was written through a handle: then the trace says which."""
    from cardsvc.errors import CardsvcError

    reason = error.strerror or type(error).__name__
    if error.filename is not None:
        return CardsvcError("file_trouble", reason=reason, file=error.filename)
    if traceback.extract_tb(error.__traceback__)[-1].filename in (click.utils.__file__, __file__):
        _unheard()
        return CardsvcError("output_lost", reason=reason)
    return CardsvcError("system_trouble", reason=reason, incident=_kept(error))


def _unheard() -> int:
    """Nobody reads the output any more (``| head``), or it cannot be written: what is left of it goes nowhere."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


def _kept(error: Exception) -> str:
    """Store the trace of a defect beside the database, for its owner alone; gives the number that finds it."""
    from cardsvc.config import state_folder

    incident = uuid.uuid4().hex[:12]
    file = state_folder() / "incidents" / f"{incident}.txt"
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text("".join(traceback.format_exception(error)), "utf-8")
        say(f"详情在 {file}", f"The details are in {file}")
    return incident


def _clicked(action: Callable[[], Any]) -> Any:
    """Run a command with click's own ends and errors taken care of."""
    try:
        return action()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.Abort as ended:
        from cardsvc.errors import ReaderError
        from cardsvc.readers.carry import Stopped

        if isinstance(ended.__cause__, Stopped):
            raise ReaderError("interrupted") from None
        say("已取消", "Cancelled")
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        from cardsvc.errors import RequestError

        context = error.ctx if isinstance(error, click.UsageError) else None
        command = context.command_path if context else "cardsvc"
        raise RequestError("usage_wrong", reason=error.format_message(), command=command) from None


def exit_code_of(code: str) -> int:
    """The exit code of an error code, by its family: the same whether the error arose here or in the service."""
    from cardsvc.errors.catalog import all_entries

    entry = all_entries().get(code)
    return EXIT_CODES[entry.family] if entry else UNEXPECTED_EXIT


def _told(problem: Mapping[str, Any]) -> int:
    """Say a problem on stderr, as JSON where JSON was asked for."""
    lines = [json.dumps(problem, ensure_ascii=False)] if "--json" in sys.argv else problem_lines(problem)
    with suppress(OSError):  # the disk of the output may be full, and that be what is to be told
        for line in lines:
            click.echo(line, err=True)
    return UNKNOWN_EXIT if problem.get("outcome") == "unknown" else exit_code_of(str(problem.get("code")))
