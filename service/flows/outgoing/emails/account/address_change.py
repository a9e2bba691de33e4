"""The emails about a change of address: to the new one before it, to both after it, and to the former about erasing."""

from __future__ import annotations

from service.core.access.tokens import Action
from service.core.addresses import Address
from service.core.dates import day_and_month
from service.core.settings.schedule import local_date
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, NothingToSendError
from service.flows.people.addresses import aliases, change_address
from service.flows.people.addresses.change_address import CONFIRM, ERASING, MOVED_AWAY, TAKEN_BACK, WELCOME_HERE
from service.mail.outbound.composer import Composer
from service.mail.outbound.mailer import OutgoingEmail
from service.models import AddressChange, Erasure, Suppression, open_content


def compose(composer: Composer, name: str, url: str = "", until: str = "") -> OutgoingEmail:
    """Return one of these emails by its name; `until` is the last day on which the former address can take it back.

    None of them names an address, since it may reach a stranger.
    """
    return composer.short_email(name, None, button_url=url, detail=until)


def build(request: EmailRequest) -> BuiltEmail:
    """Return the email that the delivery names.

    Raises:
        NothingToSendError: it is no longer true, or its address may not be mailed.
    """
    context, delivery, person = request.context, request.delivery, request.person
    if delivery.detail == CONFIRM:
        to = _sealed_address(request)
        if to is None or not aliases.may_be_mailed(request.session, context.keyring, to, besides=person):
            raise NothingToSendError("the address may not be mailed, or has its own journal now")
        until = delivery.planned_at + change_address.LINK_LIFETIME
        url = context.links.act_url("act", Action.CONFIRM_ADDRESS, person, until, delivery.id)
        return BuiltEmail(compose(request.composer, CONFIRM, url), delivery.sealed_content, to=to)
    if delivery.detail in {MOVED_AWAY, WELCOME_HERE, ERASING}:
        return _changed(request)
    to = _sealed_address(request)
    _check_suppression(request, to)
    url = request.composer.sign_in_url if delivery.detail == TAKEN_BACK else ""
    return BuiltEmail(compose(request.composer, delivery.detail or "", url), delivery.sealed_content, to=to)


def _changed(request: EmailRequest) -> BuiltEmail:
    """Return what either address is told after a change, or the former one when the journal is to be erased."""
    context, person, change_id = request.context, request.person, request.delivery.reference or 0
    change = AddressChange.to_take_back(request.session, person.id, change_id, request.now)
    if change is None:
        raise NothingToSendError("it was taken back, or it cannot be any more")
    if request.delivery.detail == ERASING and Erasure.of_subscriber(request.session, person.id) is None:
        raise NothingToSendError("they have taken the erasing back")
    until = day_and_month(local_date(change.back_until, person.zone))
    if request.delivery.detail == WELCOME_HERE:
        _check_suppression(request, None)
        return BuiltEmail(compose(request.composer, WELCOME_HERE, until=until))
    to = change_address.former_address(context.keyring, person, change)
    _check_suppression(request, to)
    url = context.links.act_url("act", Action.TAKE_BACK_ADDRESS, person, change.back_until, change.id)
    return BuiltEmail(compose(request.composer, request.delivery.detail or "", url, until), to=to)


def _sealed_address(request: EmailRequest) -> Address | None:
    text = open_content(request.context.keyring, request.person, request.delivery)
    return None if text is None else Address(text)


def _check_suppression(request: EmailRequest, to: Address | None) -> None:
    address_hash = request.context.keyring.address_hash(to) if to else request.person.address_hash
    if Suppression.covers(request.session, address_hash):
        raise NothingToSendError("the address may not be mailed")
