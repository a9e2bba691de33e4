"""Tables, constraints, and every query, as class methods named for their intent."""

from service.models.alias import Alias
from service.models.claim import Claim, State
from service.models.consent import Consent, Suppression, SuppressionReason
from service.models.delivery import Delivery
from service.models.entry import Entry
from service.models.keyring import Keyring, ServiceKey
from service.models.kind import Kind
from service.models.photo import Photo
from service.models.reply import Outcome, Reply
from service.models.request import Asked, BrowserSession, Heartbeat, MailRequest
from service.models.sent_text import SentText
from service.models.spent_token import SpentToken
from service.models.step import Step
from service.models.subscriber import Status, Subscriber

__all__ = [
    "Alias",
    "Asked",
    "BrowserSession",
    "Claim",
    "Consent",
    "Delivery",
    "Entry",
    "Heartbeat",
    "Keyring",
    "Kind",
    "MailRequest",
    "Outcome",
    "Photo",
    "Reply",
    "SentText",
    "ServiceKey",
    "SpentToken",
    "State",
    "Status",
    "Step",
    "Subscriber",
    "Suppression",
    "SuppressionReason",
]
