"""Personalisation: from a blank card to a citizen card, and on from wherever a former run was broken off.

The order is the safety: applications first, the card-issue file of the MF last. A card without that file is not finished
and is never taken for a citizen card. A run that resumes asks the card what is there: finished applications are left as
they are, the one that was being written is gone through again, with "exists already" accepted for files and keys; at the end
every file is read back and every master and load key is proven by use.
"""

from dataclasses import dataclass
from typing import Protocol

from cardsvc.card.commands import (
    append_record,
    external_authenticate,
    protected_update_binary,
    read_binary,
    read_record,
    select_by_id,
    select_by_name,
    update_binary,
    update_binary_header,
)
from cardsvc.card.contents import CardData, Content, contents
from cardsvc.card.dialect import CreatingDialect, dialect_of
from cardsvc.card.huada import HuadaDialect
from cardsvc.card.layout import ApplicationLayout, FileLayout, KeyPurpose
from cardsvc.card.profile import Profile
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import SUCCESS, Answers, Ask, Procedure, send
from cardsvc.iso7816.status import SW, tries_left
from cardsvc.procedures.identify import CardState
from cardsvc.procedures.script import Script, refused, send_all

ANY = ("xxxx",)
NOT_THERE = ("6A82", "6A88", "6982", "6985", "9403", "6A81")
"""Answers to EXTERNAL AUTHENTICATE and SELECT that say: this was not written yet. None of them costs a try."""


class PersonalisationKeys(Protocol):
    """The key store, narrowed to one card in personalisation. The same arguments always give the same bytes."""

    def key_version(self, application: str, purpose: KeyPurpose) -> int:
        """The version that the key record carries."""

    def key_record(self, application: str, purpose: KeyPurpose, head: bytes) -> bytes:
        """A key record: head, then the card's key. Secret."""

    def external_auth(self, application: str, challenge: bytes) -> bytes:
        """The cryptogram for EXTERNAL AUTHENTICATE with the application's master key."""

    def protected_key_record(
        self, application: str, purpose: KeyPurpose, head: bytes, challenge: bytes, header: bytes
    ) -> bytes:
        """A key record encrypted under the batch's transport key, with a MAC over the command's header and it. Secret."""

    def transport_auth(self, challenge: bytes) -> bytes:
        """The cryptogram for EXTERNAL AUTHENTICATE with the transport key of the card's batch."""

    def transport_code(self) -> bytes:
        """The 8-byte code that guards the erasure of this card."""

    def line_mac(self, application: str, challenge: bytes, message: bytes) -> bytes:
        """MAC under the application's maintenance key."""


@dataclass(frozen=True, slots=True)
class Personalisation:
    """One card to be made: profile, data, keys, what the card showed, and whether a former run began on this very chip."""

    profile: Profile
    card: CardData
    keys: PersonalisationKeys
    state: CardState
    resuming: bool

    @property
    def dialect(self) -> CreatingDialect:
        """The creation commands of this family. Raises ValueError for one whose cards come with their files."""
        dialect = dialect_of(self.profile)
        if isinstance(dialect, HuadaDialect):
            raise ValueError(f"nothing is created on cards of {self.profile.id}")
        return dialect

    def contents(self, application: ApplicationLayout) -> tuple[Content, ...]:
        """What the files of an application will hold."""
        return contents(self.profile.layout, self.card, application)

    def tolerant(self, ask: Ask, also: tuple[str, ...]) -> Ask:
        """When resuming, "exists already" is as good as done."""
        if not self.resuming:
            return ask
        return Ask(ask.command, ask.name, ask.expect + also, ask.changes, ask.secret)


def personalise(job: Personalisation) -> Procedure[None]:
    """Write the whole card and read it back. Raises CardError where the card refuses or reads back differently."""
    script = Script(job.profile.dialect.challenge_length)
    yield from _begin_mf(job, script)
    for application in job.profile.layout.applications:
        yield from _make_application(job, script, application)
    yield from _finish_mf(job, script)


def _begin_mf(job: Personalisation, script: Script) -> Procedure[None]:
    """MF, its keys, its files except the last one; then, where the MF's state opens the DFs, the DFs themselves."""
    mf, dialect = job.profile.layout.mf, job.dialect
    directory = next(content for content in job.contents(mf) if content.file.name == "directory")
    authenticated = begun = False
    if job.state is CardState.PARTIAL and not job.resuming:
        yield from _erase_factory_mf(job, script)
    elif job.state is CardState.PARTIAL:
        script.add(select_by_id(mf.id_bytes))
        authenticated = yield from _authenticate(job, script, mf, expect=SUCCESS + NOT_THERE)
        begun = stands(directory, (yield read_asks(directory)))
    else:
        script.add(dialect.create_mf(mf, job.keys.transport_code()))
    if not begun:
        _add_keys(job, script, mf)
        if dialect.master_opens and not authenticated:
            yield from _authenticate(job, script, mf)
        _add_files(job, script, mf)
        yield from fill(job, script, directory)
    if dialect.master_opens:
        for application in job.profile.layout.applications:
            script.add(job.tolerant(dialect.create_df(application), job.profile.dialect.file_exists))


def _erase_factory_mf(job: Personalisation, script: Script) -> Procedure[None]:
    """A card as sold has an MF with the transport key: authenticate, erase, and create ours where none is left."""
    mf, blank = job.profile.layout.mf, job.profile.blank
    if not blank.factory_mf:
        raise CardError("card_not_blank")
    script.add(select_by_id(mf.id_bytes))
    challenge = yield from script.challenge()
    ask = external_authenticate(blank.transport_key_id, job.keys.transport_auth(challenge), ANY)
    answer = yield from send(ask)
    if not answer.ok:
        raise CardError("transport_key_refused", tries=tries_left(answer.sw))
    yield from send_all((job.dialect.erase_mf(job.keys.transport_code()),))
    answer = yield from send(select_by_id(mf.id_bytes, ANY))
    if not answer.ok:
        script.add(job.dialect.create_mf(mf, job.keys.transport_code()))


def _authenticate(
    job: Personalisation, script: Script, application: ApplicationLayout, expect: tuple[str, ...] = SUCCESS
) -> Procedure[bool]:
    """EXTERNAL AUTHENTICATE with an application's master key. False when the card has no such key yet."""
    challenge = yield from script.challenge()
    cryptogram = job.keys.external_auth(application.name, challenge)
    ask = external_authenticate(application.key("master").key_id, cryptogram, ANY)
    answer = yield from send(ask)
    if answer.ok:
        return True
    if tries_left(answer.sw) is not None or answer.sw == SW.BLOCKED:
        raise CardError("master_key_refused", application=application.name, tries=tries_left(answer.sw))
    if f"{answer.sw:04X}" in expect:
        return False
    raise refused(ask, answer)


def _add_keys(job: Personalisation, script: Script, application: ApplicationLayout) -> None:
    """The key file and its keys. A key file that exists may also refuse by its rights (6982)."""
    exists = job.profile.dialect.file_exists
    script.add(job.tolerant(job.dialect.create_key_file(application), (*exists, "6982")))
    for slot in application.keys:
        head = job.dialect.key_head(slot, job.keys.key_version(application.name, slot.purpose))
        record = job.keys.key_record(application.name, slot.purpose, head)
        script.add(job.tolerant(job.dialect.write_key(slot, record), job.profile.dialect.key_exists))


def _add_files(job: Personalisation, script: Script, application: ApplicationLayout) -> None:
    for file in application.file:
        script.add(job.tolerant(job.dialect.create_file(file), job.profile.dialect.file_exists))


def _make_application(job: Personalisation, script: Script, application: ApplicationLayout) -> Procedure[None]:
    """One application: its DF where not created yet, keys, files, contents, end of creation."""
    select = select_by_name(application.aid_bytes)
    if job.resuming:
        yield from script.flush()
        found = yield from send(select_by_name(application.aid_bytes, ANY))
        if found.ok and (yield from complete(job, application)):
            end_application(job, script, application)
            return
    if job.dialect.master_opens:
        script.add(select)
    else:
        create = job.tolerant(job.dialect.create_df(application), job.profile.dialect.file_exists)
        script.add(select_by_id(job.profile.layout.mf.id_bytes), create, select)
    _add_keys(job, script, application)
    _add_files(job, script, application)
    for content in job.contents(application):
        yield from fill(job, script, content)
    end_application(job, script, application)


def complete(job: Personalisation, application: ApplicationLayout) -> Procedure[bool]:
    """Whether the last thing that is written into the selected application stands there as it should."""
    content = job.contents(application)[-1]
    answers = yield read_asks(content)
    return stands(content, answers)


def end_application(job: Personalisation, script: Script, application: ApplicationLayout) -> None:
    """The end of the creation of the selected application, where the family knows one."""
    end = dialect_of(job.profile).end_of_creation(application)
    if end is not None:
        script.add(end)


def fill(job: Personalisation, script: Script, content: Content) -> Procedure[None]:
    """Write one file's content into the selected application."""
    if content.file.kind in ("fixed", "variable"):
        yield from _fill_records(job, script, content)
    elif content.file.write == "maintenance" and not dialect_of(job.profile).open_until_end:
        challenge = yield from script.challenge()
        header = update_binary_header(content.file.sfi, len(content.binary))
        mac = job.keys.line_mac(content.application.name, challenge, header + content.binary)
        script.add(protected_update_binary(content.file.sfi, content.binary, mac, secret=True))
    else:
        script.add(update_binary(content.file.sfi, content.binary, secret=True))


def _fill_records(job: Personalisation, script: Script, content: Content) -> Procedure[None]:
    """Append the records; when resuming, only those that are not there."""
    present = 0
    if job.resuming:
        yield from script.flush()
        answers = yield read_asks(content)
        present = _leading_matches(content, answers)
    for record in content.records[present:]:
        script.add(append_record(content.file.sfi, record, job.profile.dialect.append_record_p2_low, secret=True))


def _leading_matches(content: Content, answers: Answers) -> int:
    """How many of the records stand there already, counted from the first."""
    matches = [answer.data == record for answer, record in zip(answers, content.records, strict=False)]
    return matches.index(False) if False in matches else len(matches)


def _finish_mf(job: Personalisation, script: Script) -> Procedure[None]:
    """The card-issue file, which makes it a citizen card, and the end of the MF's creation."""
    mf = job.profile.layout.mf
    script.add(select_by_id(mf.id_bytes))
    issue = next(content for content in job.contents(mf) if content.file.name == "card_issue")
    yield from fill(job, script, issue)
    end_application(job, script, mf)
    yield from script.flush()


def read_asks(content: Content) -> tuple[Ask, ...]:
    """The commands that read a content back from the selected application."""
    file = content.file
    if file.kind in ("fixed", "variable"):
        return tuple(_read_one(file, number, record) for number, record in enumerate(content.records, start=1))
    return (read_binary(file.sfi, len(content.binary)),)


def _read_one(file: FileLayout, number: int, record: bytes) -> Ask:
    return read_record(number, file.sfi, len(record))


def stands(content: Content, answers: Answers) -> bool:
    """Whether the answers to ``read_asks`` show exactly this content."""
    return tuple(answer.data for answer in answers if answer.ok) == content.records
