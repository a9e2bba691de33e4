"""What a prompt looks like as an email: its links open harmless pages, and none belongs to a person."""

from __future__ import annotations

from dataclasses import replace

from service.core.library.prompts import Library, Prompt
from service.flows.outgoing.emails.questions import prompt as prompt_email
from service.flows.outgoing.emails.questions import step_follow_up
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import Links
from service.mail.outbound.mailer import OutgoingEmail

STEP_WORDS = "After I put the kettle on, I will look out of the window."


def preview_email(
    composer: Composer, library: Library, prompt: Prompt, *, base_url: str, reply_domain: str
) -> OutgoingEmail:
    """Return the email of a prompt, a follow-up with a made-up step."""
    links = _links(base_url, reply_domain)
    if prompt.kind == "follow-up":
        return step_follow_up.compose(composer, prompt, STEP_WORDS, links)
    lighter = library.get(prompt.lighter) if prompt.lighter else None
    return prompt_email.compose(composer, prompt, lighter, links)


def test_email(email: OutgoingEmail) -> OutgoingEmail:
    """Return a preview for a writer's own mailbox: its subject says that it is a test, and a reply goes nowhere."""
    return replace(email, subject=f"[Test] {email.subject}", reply_to=email.sender)


def _links(base_url: str, reply_domain: str) -> Links:
    """Return links without a token; the one-click URL refuses every post."""
    return Links(
        reply_address=f"preview@{reply_domain}",
        stop_url=f"{base_url}/settings",
        one_click_url=f"{base_url}/help-now",
        stop_address=f"preview@{reply_domain}",
        rest_url=f"{base_url}/settings",
        write_url=f"{base_url}/write",
    )
