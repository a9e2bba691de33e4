"""Passkeys (WebAuthn level 3): the challenges that a browser answers, and whether an answer is right."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webauthn.helpers.structs import AuthenticationCredential

    from service.core.sealing import IndexKey, RandomBytes

CHALLENGE_LASTS: Final = timedelta(minutes=10)
MOST_ANSWER_CHARACTERS: Final = 16_000
MOST_CREDENTIAL_BYTES: Final = 1023  # section 4, "credential ID"
_TIMEOUT_MS: Final = 300_000
_RANDOM_BYTES, _TIME_BYTES = 16, 8


class Ceremony(StrEnum):
    """What a browser does with a passkey."""

    ADD = "add"
    SIGN_IN = "sign in"
    ADD_AT_DESK = "add at the desk"
    CONFIRM_AT_DESK = "confirm at the desk"


@dataclass(frozen=True, slots=True)
class PasskeySite:
    """The site that passkeys are made for: its host, which they are bound to, its origin, and its name."""

    host: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Challenger:
    """Makes challenges for one browser and one ceremony, and knows its own again for ten minutes.

    A challenge is 16 random bytes, its instant (8 bytes, microseconds since 1970 in UTC), and a MAC over both and
    `browser`, the keyed hash of what only this browser has, at the desk with that of its writer. So nothing is stored
    before it is answered.
    """

    index: IndexKey = field(repr=False)
    ceremony: Ceremony
    browser: bytes = field(repr=False)
    now: datetime

    def make(self, random: RandomBytes) -> bytes:
        """Return a new challenge, 56 bytes."""
        start = random(_RANDOM_BYTES) + _microseconds(self.now).to_bytes(_TIME_BYTES, "big")
        return start + self._mac(start)

    def is_own(self, challenge: bytes) -> bool:
        """Return whether this is a challenge for this browser and ceremony, of the last ten minutes."""
        start, mac = challenge[: _RANDOM_BYTES + _TIME_BYTES], challenge[_RANDOM_BYTES + _TIME_BYTES :]
        if not hmac.compare_digest(mac, self._mac(start)):
            return False
        age = timedelta(microseconds=_microseconds(self.now) - int.from_bytes(start[_RANDOM_BYTES:], "big"))
        return timedelta(0) <= age <= CHALLENGE_LASTS

    def _mac(self, start: bytes) -> bytes:
        return self.index.digest(f"passkey challenge {self.ceremony}", start + self.browser)


@dataclass(frozen=True, slots=True)
class MadePasskey:
    """A passkey that a browser has just made, in answer to a challenge."""

    challenge: bytes = field(repr=False)
    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int


@dataclass(frozen=True, slots=True)
class PasskeyAnswer:
    """What a browser answers when somebody uses a passkey, before it is checked by `new_sign_count`."""

    challenge: bytes = field(repr=False)
    credential_id: bytes = field(repr=False)
    user_handle: bytes = field(repr=False)
    credential: AuthenticationCredential = field(repr=False)


def passkey_site(base_url: str, name: str) -> PasskeySite | None:
    """Return the site for passkeys, or None if its host is an IP address: browsers make no passkeys for those."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        default_port = 443 if parts.scheme == "https" else 80
        port = "" if parts.port in {None, default_port} else f":{parts.port}"
        return PasskeySite(host=host, origin=f"{parts.scheme}://{host}{port}", name=name)
    return None


def options_to_add(
    site: PasskeySite, challenge: bytes, *, user_handle: bytes, user_name: str, known: Iterable[bytes]
) -> str:
    """Return the options for `navigator.credentials.create`, as JSON; `known` are credential ids.

    The passkey is to be found without an address (a discoverable credential), and to ask for a finger, a face or a PIN.
    """
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=user_handle,
        user_name=user_name,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return webauthn.options_to_json(options)


def options_to_use(site: PasskeySite, challenge: bytes, *, known: Iterable[bytes] = ()) -> str:
    """Return the options for `navigator.credentials.get`, as JSON: for one of the `known` ids, or for any passkey."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def challenge_of(answer: str) -> bytes:
    """Return the challenge that a browser says it answers; b"" if none, or from a frame of another site."""
    if len(answer) > MOST_ANSWER_CHARACTERS:
        return b""
    try:
        client_data = parse_client_data_json(base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"]))
    except Exception:  # noqa: BLE001 - the parsers of JSON and CBOR raise anything; whatever it is, nothing is answered
        return b""
    return b"" if client_data.cross_origin else client_data.challenge


def read_made_passkey(site: PasskeySite, challenger: Challenger, answer: str) -> MadePasskey | None:
    """Return the passkey that a browser has made, or None if its answer is not right for this site and challenger."""
    challenge = challenge_of(answer)
    if not challenger.is_own(challenge):
        return None
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - see challenge_of
        return None
    if len(made.credential_id) > MOST_CREDENTIAL_BYTES:
        return None
    return MadePasskey(challenge, made.credential_id, made.credential_public_key, made.sign_count)


def read_answer(challenger: Challenger, answer: str) -> PasskeyAnswer | None:
    """Return a browser's answer, not checked yet, or None if it answers no challenge of this challenger."""
    challenge = challenge_of(answer)
    if not challenger.is_own(challenge):
        return None
    try:
        credential = parse_authentication_credential_json(answer)
    except Exception:  # noqa: BLE001 - see challenge_of
        return None
    return PasskeyAnswer(challenge, credential.raw_id, credential.response.user_handle or b"", credential)


def new_sign_count(site: PasskeySite, answer: PasskeyAnswer, *, public_key: bytes, sign_count: int) -> int | None:
    """Return the passkey's new sign counter if the answer is right, or None.

    The counter must grow, unless it is always 0, as that of passkeys which several devices share (section 6.1.1).
    """
    try:
        accepted = webauthn.verify_authentication_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - see challenge_of
        return None
    return accepted.new_sign_count


def _microseconds(instant: datetime) -> int:
    """Return the microseconds since 1970 in UTC."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
