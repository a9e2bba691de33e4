"""Sending prompts as emails to the local mailbox, to preview them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

import requests

from service.config import Settings
from service.core.library.prompts import Library, Prompt
from service.flows.desk.prompt_preview import preview_email
from service.mail.outbound.mailer import Accepted, OutgoingEmail, ProviderMisconfigured, Recipient
from service.runtime import Runtime

ADDRESS: Final = "preview@example.com"
HTTP_SECONDS: Final = 10.0
_NO_DELIVERY: Final = 0
# An HTTP_PROXY in the environment would send the request for the local mailbox to another machine.
_NO_PROXY: Final = {"http": "", "https": ""}


class PreviewError(Exception):
    """Not all prompts can be shown; the text tells the person at the terminal what to do."""


def by_ids(library: Library, ids: Sequence[str]) -> list[Prompt]:
    """Return the prompts with these ids, each once, including retired ones.

    Raises:
        PreviewError: an id is unknown; the text suggests similar ids.
    """
    found = {prompt_id: library.get(prompt_id) for prompt_id in ids}
    unknown = [prompt_id for prompt_id, prompt in found.items() if prompt is None]
    if unknown:
        raise PreviewError("\n".join(_no_such(library, prompt_id) for prompt_id in unknown))
    return [prompt for prompt in found.values() if prompt is not None]


def by_filters(library: Library, filters: Mapping[str, str]) -> list[Prompt]:
    """Return the prompts in use that match all given filters (`theme`, `kind`, `locale`), by locale and id.

    Raises:
        PreviewError: there are none.
    """
    chosen = [prompt for prompt in _in_use(library) if all(getattr(prompt, n) == value for n, value in filters.items())]
    if not chosen:
        wanted = ", ".join(f"{name} {value}" for name, value in filters.items())
        raise PreviewError(f"No prompt is of {wanted}. There are the locales {' and '.join(library.locales)}.")
    return chosen


def require_mailbox(settings: Settings) -> None:
    """Check that mail stays on this machine and that the post office answers.

    Raises:
        PreviewError: one of them is not true.
    """
    if not settings.is_local:
        raise PreviewError("Prompts are shown in the local mailbox only, and MAILGUN_API_URL names the real provider.")
    try:
        answers = requests.get(_mailbox(settings, "_local/mails"), timeout=HTTP_SECONDS, proxies=_NO_PROXY).ok
    except requests.RequestException:
        answers = False
    if not answers:
        raise PreviewError("The mailbox does not answer. Start it with `make run` in another terminal.")


def send(runtime: Runtime, prompts: Sequence[Prompt], say: Callable[[str], None]) -> str:
    """Send each prompt through the real mailer and print its id with `say`; return the mailbox's URL.

    Raises:
        PreviewError: the post office did not accept one.
    """
    for prompt in prompts:
        try:
            outcome = runtime.mailer.send(compose(runtime, prompt), [Recipient(ADDRESS, _NO_DELIVERY)])
        except ProviderMisconfigured as error:
            raise PreviewError(f"The mailbox is not that of these settings: {error}") from None
        if not isinstance(outcome, Accepted):
            raise PreviewError(f"The mailbox did not take {prompt.id} ({outcome.reason}); those before it are there.")
        say(f"{prompt.locale}  {prompt.id}  {prompt.subject}")
    return _mailbox(runtime.settings)


def compose(runtime: Runtime, prompt: Prompt) -> OutgoingEmail:
    """Return the email of this prompt; its links open harmless pages, and none belongs to a person."""
    settings = runtime.settings
    domain = settings.reply_domain
    return preview_email(runtime.composer, runtime.library, prompt, base_url=settings.base_url, reply_domain=domain)


def _no_such(library: Library, prompt_id: str) -> str:
    near = get_close_matches(prompt_id, [prompt.id for prompt in _in_use(library)])
    meant = f" Did you mean {' or '.join(near)}?" if near else " Choose some with --theme, --kind or --locale."
    return f"There is no prompt with the id {prompt_id}.{meant}"


def _in_use(library: Library) -> list[Prompt]:
    return [prompt for locale in library.locales for prompt in library.for_locale(locale)]


def _mailbox(settings: Settings, path: str = "") -> str:
    return f"{settings.mailgun_api_url}/{path}?to={ADDRESS}"
