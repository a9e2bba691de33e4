"""Tables, constraints, and every query, as class methods named for their intent."""

from service.models.counter import Counter
from service.models.desk.desk_action import DeskAction
from service.models.desk.desk_factor import DeskFactor
from service.models.desk.desk_passkey import DeskPasskey
from service.models.desk.desk_session import DeskLink, DeskSession
from service.models.desk.doctor_run import DoctorRun
from service.models.desk.own_prompt import OwnPrompt, PromptChange
from service.models.desk.round_trip import RoundTrip
from service.models.feeds.feed import Feed, FeedMode, FeedPause, FeedState
from service.models.feeds.seen_post import PostNote, SeenPost, SeenPostKey
from service.models.heartbeat import Heartbeat
from service.models.incoming.reply import Outcome, Reply
from service.models.incoming.webhook_token import WebhookToken
from service.models.installation import HoldReason, Installation
from service.models.keyring import Keyring, ServiceKey, wrapped_keys_by_master
from service.models.letters.letter import (
    Letter,
    LetterFormat,
    LetterPause,
    LetterSource,
    LetterState,
    LetterTiming,
    LetterVisibility,
)
from service.models.letters.letter_picture import LetterPicture
from service.models.letters.letter_tally import LetterTally
from service.models.outgoing.deliveries.delivery import Delivery
from service.models.outgoing.deliveries.delivery_content import open_content, seal_content
from service.models.outgoing.deliveries.delivery_evidence import KnownDelivery
from service.models.outgoing.deliveries.delivery_kind import DeliveryKind
from service.models.outgoing.deliveries.delivery_state import DeliveryClaim, DeliveryState
from service.models.outgoing.deliveries.new_delivery import NewDelivery
from service.models.outgoing.provider_limit import ProviderLimit, SendingHour
from service.models.outgoing.recipient_domain import DomainHour, DomainPause
from service.models.outgoing.result_day import ResultDay
from service.models.outgoing.sent_text import SentText
from service.models.outgoing.writer_mail import WriterMail, WriterMailKind
from service.models.people.access.browser_session import BrowserSession
from service.models.people.access.mail_request import MailRequest, MailRequestKind
from service.models.people.access.passkey import AnsweredChallenge, Passkey
from service.models.people.addresses.address_change import AddressChange
from service.models.people.addresses.alias import Alias
from service.models.people.addresses.full_mailbox import FullMailbox
from service.models.people.addresses.suppression import Suppression, SuppressionReason
from service.models.people.addresses.suppression_sync import SuppressionCursor
from service.models.people.journal.draft import Draft
from service.models.people.journal.earlier_wording import EarlierWording
from service.models.people.journal.entry import Entry
from service.models.people.journal.entry_draft import EntryDraft
from service.models.people.journal.journal_size import JournalSize
from service.models.people.journal.photo import Photo
from service.models.people.journal.step import Step
from service.models.people.personal_data.erasure import Erasure, Tombstone
from service.models.people.personal_data.journal_export import ExportForm, ExportState, JournalExport
from service.models.people.personal_data.journal_import import (
    ImportedEntryRow,
    ImportLeftover,
    ImportState,
    JournalImport,
)
from service.models.people.settings.consent import Consent
from service.models.people.settings.own_question import OwnQuestion
from service.models.people.settings.question_wish import QuestionWish
from service.models.people.settings.quiet_date import QuietDate
from service.models.people.subscription.data_key import WrappedDataKey
from service.models.people.subscription.list_import import BroughtAs, BroughtPerson, ListImport
from service.models.people.subscription.subscriber import Subscriber
from service.models.people.subscription.subscriber_status import SubscriberStatus

__all__ = [
    "AddressChange",
    "Alias",
    "AnsweredChallenge",
    "BroughtAs",
    "BroughtPerson",
    "BrowserSession",
    "Consent",
    "Counter",
    "Delivery",
    "DeliveryClaim",
    "DeliveryKind",
    "DeliveryState",
    "DeskAction",
    "DeskFactor",
    "DeskLink",
    "DeskPasskey",
    "DeskSession",
    "DoctorRun",
    "DomainHour",
    "DomainPause",
    "Draft",
    "EarlierWording",
    "Entry",
    "EntryDraft",
    "Erasure",
    "ExportForm",
    "ExportState",
    "Feed",
    "FeedMode",
    "FeedPause",
    "FeedState",
    "FullMailbox",
    "Heartbeat",
    "HoldReason",
    "ImportLeftover",
    "ImportState",
    "ImportedEntryRow",
    "Installation",
    "JournalExport",
    "JournalImport",
    "JournalSize",
    "Keyring",
    "KnownDelivery",
    "Letter",
    "LetterFormat",
    "LetterPause",
    "LetterPicture",
    "LetterSource",
    "LetterState",
    "LetterTally",
    "LetterTiming",
    "LetterVisibility",
    "ListImport",
    "MailRequest",
    "MailRequestKind",
    "NewDelivery",
    "Outcome",
    "OwnPrompt",
    "OwnQuestion",
    "Passkey",
    "Photo",
    "PostNote",
    "PromptChange",
    "ProviderLimit",
    "QuestionWish",
    "QuietDate",
    "Reply",
    "ResultDay",
    "RoundTrip",
    "SeenPost",
    "SeenPostKey",
    "SendingHour",
    "SentText",
    "ServiceKey",
    "Step",
    "Subscriber",
    "SubscriberStatus",
    "Suppression",
    "SuppressionCursor",
    "SuppressionReason",
    "Tombstone",
    "WebhookToken",
    "WrappedDataKey",
    "WriterMail",
    "WriterMailKind",
    "open_content",
    "seal_content",
    "wrapped_keys_by_master",
]
