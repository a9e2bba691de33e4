"""A letter sent to its writers alone, to look at: the same composing and the same gateway, and links that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.flows.outgoing.email_context import EmailContext
from service.flows.outgoing.emails import letter as letter_email
from service.flows.outgoing.letters.letter_drafts import LetterError, find_letter
from service.flows.outgoing.letters.letter_freezing import compose_letter, letter_links
from service.mail.outbound.mailer import Accepted, Mailer, OutgoingEmail, ProviderMisconfigured, Recipient
from service.mail.outbound.placeholders import filled, names_in
from service.models import LetterState

TEST_PATH = "letters/this-is-a-test"
_NO_DELIVERY = 0


def make_test_mail(session: Session, context: EmailContext, letter_id: int) -> OutgoingEmail:
    """Return a letter as its readers would get it, with "[Test]" before its subject and with links that say so.

    Raises:
        LetterError: there is no such letter, or it cannot be composed.
    """
    letter = find_letter(session, letter_id)
    if letter.state == LetterState.DRAFT or letter.frozen is None:
        frozen = compose_letter(session, context, letter).frozen
    else:
        frozen = letter_email.frozen_of(letter)
    pictures = letter_email.inline_pictures(session, frozen)
    email = letter_email.compose(context, context.composer, letter, frozen, pictures)
    links, url = letter_links(context), f"{context.links.base_url}/{TEST_PATH}"
    text, html = (part.replace(links.stop_url, url).replace(links.rest_url, url) for part in (email.text, email.html))
    test = replace(
        email,
        subject=f"[Test] {email.subject}",
        text=text,
        html=html,
        reply_to=email.sender,
        headers={"List-Id": email.headers["List-Id"]},
    )
    return filled(test, dict.fromkeys(names_in(test), "test"))


def send_test(mailer: Mailer, email: OutgoingEmail, addresses: Sequence[str]) -> None:
    """Send a test mail to each writer alone.

    Raises:
        LetterError: nobody is named as a writer, or the provider did not take the mail for each of them.
    """
    if not addresses:
        raise LetterError("Nobody is named in WRITER_EMAILS, so there is nobody to send a test to.")
    try:
        for address in addresses:
            recipient = Recipient(Address.parse(address).text, _NO_DELIVERY)
            outcome = mailer.send(email, [recipient])
            if not isinstance(outcome, Accepted):
                raise LetterError(f"The test was not taken for every writer: {outcome.reason}.")
    except AddressError:
        raise LetterError("WRITER_EMAILS has something in it that is not an email address.") from None
    except ProviderMisconfigured as error:
        raise LetterError(f"The provider's settings are wrong: {error}") from None
