"""Passkeys: a second way to sign in, beside the password. Optional: without ``CARDSVC_PASSKEY_ORIGIN`` there are none.

A passkey is a key pair that a security key, a phone or the PC keeps, and that opens after a fingerprint, a face or a PIN (user
verification is always asked for: it stands for the password). The database keeps the public key. Adding one takes the
password, so that nobody leaves a key of theirs in a page that was left open. Challenges are for one use within minutes;
the database keeps their hashes, so any worker may check what another asked.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    generate_challenge,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from cardsvc.errors import RequestError
from cardsvc.service.staff.accounts import require_role, sign_in
from cardsvc.service.staff.trail import PROGRAM, note
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Passkey, PasskeyChallenge, Staff

ASKED_FOR = dt.timedelta(minutes=5)
"""How long a person may take to show their passkey."""
LONGEST_NAME, LONGEST_ANSWER = 32, 16_384
MOST = 8
"""Passkeys of one person: more are not in use, they were forgotten."""
SITE_NAME = "cardsvc"
VERIFIED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Site:
    """Where the desk page is, as browsers see it: passkeys belong to its host name and answer to this origin only."""

    origin: str

    @property
    def host(self) -> str:
        """The host name: what the standard calls the relying party id."""
        return urlsplit(self.origin).hostname or ""


def site_of(origin: str | None) -> Site:
    """The site of the settings. Raises RequestError ``passkey_off`` where passkeys are not in use."""
    if origin is None:
        raise RequestError("passkey_off")
    return Site(origin)


def begin_adding(store: Store, site: Site, password: str, now: dt.datetime, *, by: Staff) -> str:
    """What the browser needs to make a passkey, as JSON. Raises RequestError ``sign_in_wrong``, ``sign_in_locked``,
    ``passkey_too_many``."""
    sign_in(store, by.staff_id, password, now)
    with store.read() as uow:
        known = uow.passkeys.of(by.staff_id)
    if len(known) >= MOST:
        raise RequestError("passkey_too_many", most=MOST)
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=SITE_NAME,
        user_name=by.staff_id,
        user_display_name=by.name,
        user_id=by.staff_id.encode(),
        challenge=_asked(store, now, by.staff_id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFIED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in known],
    )
    return options_to_json(options)


def add(store: Store, site: Site, answer: str, name: str, now: dt.datetime, *, by: Staff, where: str = PROGRAM) -> None:
    """Keep a passkey that the browser made. Raises RequestError ``passkey_wrong``."""
    with _told():
        given = parse_registration_credential_json(_short(answer))
        made = verify_registration_response(
            credential=given,
            expected_challenge=_answered(store, given.response.client_data_json, by.staff_id, now),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    passkey_id = _id_of(made.credential_id)
    row = Passkey(
        passkey_id,
        by.staff_id,
        made.credential_id,
        made.credential_public_key,
        made.sign_count,
        name.strip()[:LONGEST_NAME] or passkey_id[:6],
        now,
    )

    def work(uow: UnitOfWork) -> None:
        person = uow.staff.for_update(by.staff_id)
        if person is None or uow.passkeys.get(passkey_id) is not None:
            raise RequestError("passkey_wrong")
        uow.passkeys.add(row)
        note(uow, person, "passkey_added", became=row.name, by=by.staff_id, where=where, now=now)

    store.transact(work)


def begin_sign_in(store: Store, site: Site, now: dt.datetime) -> str:
    """What the browser needs to ask for any passkey of this site, as JSON; nobody's name or key is in it."""
    challenge = _asked(store, now, None)
    return options_to_json(generate_authentication_options(rp_id=site.host, challenge=challenge, user_verification=VERIFIED))


def who_shows(store: Store, site: Site, answer: str, now: dt.datetime) -> Staff:
    """The person whose passkey answered. Raises RequestError ``passkey_wrong``, also for somebody who is suspended."""
    with _told():
        given = parse_authentication_credential_json(_short(answer))
        challenge = _answered(store, given.response.client_data_json, None, now)
        passkey_id = _id_of(given.raw_id)

        def work(uow: UnitOfWork) -> Staff | None:
            key = uow.passkeys.for_update(passkey_id)
            person = uow.staff.get(key.staff_id) if key else None
            if key is None or person is None or person.state != "active":
                return None
            verified = verify_authentication_response(
                credential=given,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=key.public_key,
                credential_current_sign_count=key.sign_count,
                require_user_verification=True,
            )
            uow.passkeys.change(key, sign_count=verified.new_sign_count, used_at=now)
            return person

        person = store.transact(work)
    if person is None:
        raise RequestError("passkey_wrong")
    return person


def passkeys_of(store: Store, staff_id: str, *, by: Staff) -> list[dict[str, Any]]:
    """A person's passkeys, newest first: one's own, or anybody's for an administrator."""
    if by.staff_id != staff_id:
        require_role(by, "administrator")
    with store.read() as uow:
        rows = uow.passkeys.of(staff_id)
    return [{"passkey_id": r.passkey_id, "name": r.name, "added_at": r.added_at, "used_at": r.used_at} for r in rows]


def remove(store: Store, staff_id: str, passkey_id: str, now: dt.datetime, *, by: Staff, where: str = PROGRAM) -> None:
    """Take a passkey away: one's own, or anybody's as administrator. Raises RequestError ``passkey_unknown``."""
    if by.staff_id != staff_id:
        require_role(by, "administrator")

    def work(uow: UnitOfWork) -> None:
        person = uow.staff.for_update(staff_id)
        key = uow.passkeys.get(passkey_id)
        if person is None or key is None or key.staff_id != staff_id:
            raise RequestError("passkey_unknown")
        uow.passkeys.forget(passkey_id)
        note(uow, person, "passkey_removed", was=key.name, by=by.staff_id, where=where, now=now)

    store.transact(work)


def remove_all(uow: UnitOfWork, person: Staff, now: dt.datetime, *, by: str, where: str) -> None:
    """Take all passkeys of a person away, whose row is locked, within another transaction."""
    for key in uow.passkeys.of(person.staff_id):
        uow.passkeys.forget(key.passkey_id)
        note(uow, person, "passkey_removed", was=key.name, by=by, where=where, now=now)


def _asked(store: Store, now: dt.datetime, staff_id: str | None) -> bytes:
    """A fresh challenge; the database keeps its hash for a few minutes. Those that nobody answered go."""
    challenge = generate_challenge()

    def work(uow: UnitOfWork) -> None:
        uow.passkey_challenges.forget_before(now)
        uow.passkey_challenges.add(PasskeyChallenge(hashlib.sha256(challenge).hexdigest(), staff_id, now + ASKED_FOR))

    store.transact(work)
    return challenge


def _answered(store: Store, client_data: bytes, staff_id: str | None, now: dt.datetime) -> bytes:
    """The challenge that an answer names, if it was asked of this person (None: of anybody, for signing in). It is used up,
    whatever the rest of the answer is worth."""
    challenge = parse_client_data_json(client_data).challenge
    asked = hashlib.sha256(challenge).hexdigest()

    def work(uow: UnitOfWork) -> bool:
        row = uow.passkey_challenges.for_update(asked)
        if row is not None:
            uow.passkey_challenges.forget(asked)
        return row is not None and row.staff_id == staff_id and row.until > now

    if not store.transact(work):
        raise RequestError("passkey_wrong")
    return challenge


@contextmanager
def _told() -> Iterator[None]:
    """Whatever is wrong with an answer of a browser is one refusal: which part of it tells an attacker something."""
    try:
        yield
    except (WebAuthnException, ValueError, TypeError, KeyError, RecursionError) as error:
        raise RequestError("passkey_wrong") from error


def _short(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER or not isinstance(json.loads(answer), dict):
        raise RequestError("passkey_wrong")
    return answer


def _id_of(credential_id: bytes) -> str:
    return hashlib.sha256(credential_id).hexdigest()
