"""A letter, as it was fixed when it was scheduled."""

from __future__ import annotations

from sqlalchemy.orm import Session

from service.flows.outgoing.email_context import EmailContext, EmailRequest, NothingToSendError, SentLookup
from service.flows.outgoing.letters.frozen_letter import FrozenLetter
from service.flows.outgoing.letters.letter_freezing import letter_links
from service.mail.outbound.composer import Composer
from service.mail.outbound.mailer import InlinePicture, OutgoingEmail
from service.models import Letter, LetterPicture


def compose(
    context: EmailContext, composer: Composer, letter: Letter, frozen: FrozenLetter, pictures: tuple[InlinePicture, ...]
) -> OutgoingEmail:
    """Return the email of a letter in the composer's mode, with placeholders for the links of each recipient."""
    parts = frozen.in_mode(is_discreet=composer.is_discreet)
    return composer.letter(parts, letter_links(context), campaign=f"{letter.key}", pictures=pictures)


def letter_of(request: EmailRequest) -> Letter:
    """Return the letter of a delivery.

    Raises:
        NothingToSendError: it is gone, or its text is not fixed any more.
    """
    letter = request.session.get(Letter, request.delivery.reference)
    if letter is None or letter.frozen_digest is None:
        raise NothingToSendError("the letter is gone")
    return letter


def compose_for_batch(request: EmailRequest) -> OutgoingEmail:
    """Return the email of a letter in the recipient's mode, with placeholders for the links of each recipient.

    Raises:
        NothingToSendError: see `letter_of`.
    """
    letter = letter_of(request)
    frozen = frozen_of(letter)
    return compose(request.context, request.composer, letter, frozen, inline_pictures(request.session, frozen))


def frozen_of(letter: Letter) -> FrozenLetter:
    """Return what was fixed when a letter was scheduled."""
    assert letter.frozen is not None
    return FrozenLetter.from_json(letter.frozen)


def inline_pictures(session: Session, frozen: FrozenLetter) -> tuple[InlinePicture, ...]:
    """Return the pictures inside a letter's email."""
    data = LetterPicture.data_of(session, [id_ for id_, _ in frozen.pictures])
    types = {"jpg": "image/jpeg", "png": "image/png"}
    return tuple(
        InlinePicture(name, types[name.rpartition(".")[2]], data[id_]) for id_, name in frozen.pictures if id_ in data
    )


def as_sent(lookup: SentLookup) -> OutgoingEmail | None:
    """Return the letter that the token names, without its pictures, or None if it is gone."""
    letter = Letter.by_key(lookup.session, lookup.token.prompt_key)
    if letter is None or letter.frozen is None:
        return None
    return compose(lookup.context, lookup.composer, letter, frozen_of(letter), ())
