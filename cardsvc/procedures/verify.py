"""Proof that a personalised card is what it should be: every file read back, every master and load key proven by use."""

from collections.abc import Callable

from cardsvc.card.commands import external_authenticate, get_challenge, select_by_id, select_by_name
from cardsvc.card.layout import ApplicationLayout
from cardsvc.card.purse import SAFE_AMOUNT, InitializeForLoadAnswer
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Ask, Procedure
from cardsvc.procedures.personalise import Personalisation, read_asks, stands
from cardsvc.procedures.purse import LOOK_TERMINAL, MacSession, PurseRef, check_mac1, initialize_for_load
from cardsvc.procedures.script import send_all

LoadSession = Callable[[str, InitializeForLoadAnswer], MacSession]
"""Opens the load session of an application for what the card answered."""


def verify_personalised(job: Personalisation, load_session: LoadSession) -> Procedure[None]:
    """Read the whole card back. Raises CardError ``read_back_differs``, ``card_refused`` or ``card_not_genuine``.

    Every application's master key opens it; a load key must make the right MAC1. TAC and purchase keys show themselves
    only in a transaction and are not proven here.
    """
    for application in job.profile.layout.application:
        yield from _verify_files(job, application)
    for application in job.profile.layout.applications:
        for file in application.file:
            if file.kind == "purse":
                yield from _verify_load_key(job, PurseRef(application.name, file.name), load_session)


def _verify_files(job: Personalisation, application: ApplicationLayout) -> Procedure[None]:
    answers = yield from send_all((*_opening(job, application), get_challenge(job.profile.dialect.challenge_length)))
    cryptogram = job.keys.external_auth(application.name, answers[-1].data)
    yield from send_all((external_authenticate(application.key("master").key_id, cryptogram),))
    for content in job.contents(application):
        answers = yield read_asks(content)
        if not stands(content, answers):
            raise CardError("read_back_differs", application=f"{application.name}.{content.file.name}")


def _opening(job: Personalisation, application: ApplicationLayout) -> tuple[Ask, ...]:
    if application is job.profile.layout.mf:
        return (select_by_id(application.id_bytes),)
    return (select_by_name(application.aid_bytes),)


def _verify_load_key(job: Personalisation, ref: PurseRef, load_session: LoadSession) -> Procedure[None]:
    init = yield from initialize_for_load(job.profile, ref, SAFE_AMOUNT, LOOK_TERMINAL)
    check_mac1(init, ref, SAFE_AMOUNT, LOOK_TERMINAL, load_session(ref.application, init))
    if init.balance or init.online_counter:
        raise CardError("read_back_differs", application=f"{ref.application}.{ref.purse}")
