"""Bounces: delivery reports sent to a reply address, and what they prove about its owner."""

from __future__ import annotations

from service.core.addresses import Address, AddressError
from service.core.replies.classify.automatic import is_delivery_report
from service.core.replies.classify.bounce_reports import missing_addresses
from service.flows.incoming.replies.owner import Owner
from service.mail.inbound.inbound_mail import InboundMail
from service.mail.sandbox.reader import MailReader
from service.mail.sandbox.reading import REPORT_PARTS, MailContent, MailReading
from service.models import Keyring


def has_bounced(keyring: Keyring, reader: MailReader, mail: InboundMail, owner: Owner) -> bool:
    """Return whether a mail reports that this owner's address does not exist (RFC 3464).

    Anybody can write a report. Believe it only at a reply address, which nobody can guess, and only about the owner of
    that reply address.
    """
    if owner.token is None or not is_delivery_report(mail.headers):
        return False
    missing = missing_addresses(_report(reader, mail))
    return any(_address_hash(keyring, address) == owner.person.address_hash for address in missing)


def _report(reader: MailReader, mail: InboundMail) -> str:
    """Return the machine-readable part of a report; if the provider posts fields, it may be in the text."""
    if mail.raw_mime is not None:
        reading = reader.read(MailContent(mail.raw_mime), None)
        return reading.report if isinstance(reading, MailReading) else ""
    parts = [file.data for file in mail.attachments if file.content_type in REPORT_PARTS]
    return parts[0].decode("utf-8", "replace") if parts else mail.plain or ""


def _address_hash(keyring: Keyring, address: str) -> bytes | None:
    try:
        return keyring.address_hash(Address.parse(address))
    except AddressError:
        return None
