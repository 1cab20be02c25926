"""Writing the files of an application again, where they are not what the issue record says. Used on a card that is out."""

from cardsvc.card.commands import (
    external_authenticate,
    protected_update_binary,
    select_by_id,
    select_by_name,
    update_binary,
    update_binary_header,
    update_record,
)
from cardsvc.card.contents import Content
from cardsvc.card.dialect import dialect_of
from cardsvc.card.huada import HuadaDialect
from cardsvc.card.layout import ApplicationLayout
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Answers, Procedure, send
from cardsvc.iso7816.status import SW, tries_left
from cardsvc.procedures.applications import ANY, unavailable
from cardsvc.procedures.personalise import Personalisation, read_asks, stands
from cardsvc.procedures.script import Script, refused


def rewrite(job: Personalisation, name: str) -> Procedure[tuple[str, ...]]:
    """Write what differs in an application and read it back; gives the names of the files that were written.

    ``name``: mf, holder or purse, whose files never change after issue. A card whose files stand is left as it is, so a run
    that was broken off is simply done again. Raises CardError ``master_key_refused``, ``master_key_locked``,
    ``application_blocked``, ``application_missing``, ``card_refused``, ``read_back_differs``, ``file_beyond_repair``.
    """
    application = job.profile.layout.find(name)
    script = Script(job.profile.dialect.challenge_length)
    yield from enter(job, script, application)
    written: list[str] = []
    for content in job.contents(application):
        answers = yield read_asks(content)
        if stands(content, answers):
            continue
        _refuse_broken_records(content, answers)
        yield from _write(job, script, content)
        answers = yield read_asks(content)
        if not stands(content, answers):
            raise CardError("read_back_differs", application=f"{name}.{content.file.name}")
        written.append(content.file.name)
    return tuple(written)


def enter(job: Personalisation, script: Script, application: ApplicationLayout) -> Procedure[None]:
    """Select the application, opened by the master key that its files' rights ask for: the MF's on cards whose MF opens the
    DFs (FMCOS), its own on others."""
    mf, dialect = job.profile.layout.mf, dialect_of(job.profile)
    if not isinstance(dialect, HuadaDialect) and dialect.master_opens:
        yield from _select(job, mf)
        yield from _authenticate(job, script, mf)
        if application is not mf:
            yield from _select(job, application)
        return
    yield from _select(job, application)
    yield from _authenticate(job, script, application)


def _select(job: Personalisation, application: ApplicationLayout) -> Procedure[None]:
    by_id = application is job.profile.layout.mf
    answer = yield from send(select_by_id(application.id_bytes, ANY) if by_id else select_by_name(application.aid_bytes, ANY))
    if not answer.ok:
        raise unavailable(job.profile, application.name, answer.sw)


def _authenticate(job: Personalisation, script: Script, application: ApplicationLayout) -> Procedure[None]:
    """EXTERNAL AUTHENTICATE with a master key. A wrong one costs a try, so it is tried once."""
    challenge = yield from script.challenge()
    cryptogram = job.keys.external_auth(application.name, challenge)
    ask = external_authenticate(application.key("master").key_id, cryptogram, ANY)
    answer = yield from send(ask)
    if answer.ok:
        return
    if answer.sw == SW.BLOCKED:
        raise CardError("master_key_locked", application=application.name)
    if tries_left(answer.sw) is None:
        raise refused(ask, answer)
    raise CardError("master_key_refused", application=application.name, tries=tries_left(answer.sw))


def _refuse_broken_records(content: Content, answers: Answers) -> None:
    """UPDATE RECORD keeps the length that a record has: where lengths are damaged the file cannot be written any more."""
    lengths = [len(answer.data) for answer in answers if answer.ok]
    if content.file.kind == "variable" and lengths != [len(record) for record in content.records]:
        raise CardError("file_beyond_repair", application=f"{content.application.name}.{content.file.name}")


def _write(job: Personalisation, script: Script, content: Content) -> Procedure[None]:
    """One file: its records, or its bytes under the maintenance key where its rights want that."""
    sfi = content.file.sfi
    if content.file.kind in ("fixed", "variable"):
        for number, record in enumerate(content.records, start=1):
            script.add(update_record(number, sfi, record, secret=True))
    elif content.file.write == "maintenance":
        challenge = yield from script.challenge()
        header = update_binary_header(sfi, len(content.binary))
        mac = job.keys.line_mac(content.application.name, challenge, header + content.binary)
        script.add(protected_update_binary(sfi, content.binary, mac, secret=True))
    else:
        script.add(update_binary(sfi, content.binary, secret=True))
    yield from script.flush()
