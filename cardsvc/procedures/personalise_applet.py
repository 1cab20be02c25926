"""Personalisation of a card that comes with its applications and files: keys, contents, and the end of each application.

The order is the safety, as in personalise.py: the MF, whose card-issue file makes it a citizen card, comes last. Until its end
an application may be gone through again from the start, so a run that resumes does just that.
"""

from cardsvc.card.commands import select_by_id, select_by_name
from cardsvc.card.huada import HuadaDialect, authentication_id
from cardsvc.card.layout import ApplicationLayout
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.personalise import Personalisation, complete, end_application, fill
from cardsvc.procedures.script import Script, send_all


def personalise_applet(job: Personalisation, dialect: HuadaDialect) -> Procedure[None]:
    """Write the whole card. Raises CardError where the card refuses, or is not as it was ordered."""
    script = Script(job.profile.dialect.challenge_length)
    for application in job.profile.layout.applications:
        yield from send_all((select_by_name(application.aid_bytes),))
        yield from _make(job, script, dialect, application)
    mf = job.profile.layout.mf
    script.add(select_by_id(mf.id_bytes), dialect.load_id(authentication_id(job.card.card_no)))
    yield from _write(job, script, dialect, mf)


def _make(job: Personalisation, script: Script, dialect: HuadaDialect, application: ApplicationLayout) -> Procedure[None]:
    """The selected application, unless a former run came to its end."""
    if job.resuming and (yield from complete(job, application)):
        end_application(job, script, application)
        yield from script.flush()
        return
    yield from _write(job, script, dialect, application)


def _write(job: Personalisation, script: Script, dialect: HuadaDialect, application: ApplicationLayout) -> Procedure[None]:
    """Keys, contents and end of the selected application."""
    for slot in application.keys:
        challenge = yield from script.challenge()
        head = dialect.key_head(slot, job.keys.key_version(application.name, slot.purpose))
        header = dialect.write_key_header(slot)
        protected = job.keys.protected_key_record(application.name, slot.purpose, head, challenge, header)
        script.add(dialect.write_key(slot, protected))
    for content in job.contents(application):
        yield from fill(job, script, content)
    end_application(job, script, application)
    yield from script.flush()
