"""Proof that a personalised card is what it should be: every file read back, every master and load key proven by use."""

from collections.abc import Callable
from itertools import zip_longest

from cardsvc.card.commands import external_authenticate, get_challenge, select_by_id, select_by_name
from cardsvc.card.contents import Content
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

    Every application's master key opens it; a load key must make the right MAC1. TAC, purchase and unload keys show themselves
    only in a transaction and are not proven here.
    """
    yield from _verify_files(job)
    for application in job.profile.layout.applications:
        for file in application.file:
            if file.kind == "purse":
                yield from _verify_load_key(job, PurseRef(application.name, file.name), load_session)


def _verify_files(job: Personalisation) -> Procedure[None]:
    """Application by application; the next one's challenge is fetched with the reads of this one."""
    challenge_length = job.profile.dialect.challenge_length
    applications = job.profile.layout.application
    answers = yield from send_all((*_opening(job, applications[0]), get_challenge(challenge_length)))
    for application, following in zip_longest(applications, applications[1:]):
        cryptogram = job.keys.external_auth(application.name, answers[-1].data)
        asks = [external_authenticate(application.key("master").key_id, cryptogram)]
        places: list[tuple[Content, slice]] = []
        for content in job.contents(application):
            places.append((content, slice(len(asks), len(asks) + len(content.records))))
            asks.extend(read_asks(content))
        if following:
            asks.extend((*_opening(job, following), get_challenge(challenge_length)))
        answers = yield from send_all(asks)
        for content, place in places:
            if not stands(content, answers[place]):
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
