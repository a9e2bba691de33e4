"""The parts of a process, made once from the settings; only this module puts them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr
from functools import partial
from zoneinfo import ZoneInfo

from service.clock import Clock, utc_now
from service.config import Settings
from service.core.journal.steps import StepPhrases
from service.core.library.prompts import Library
from service.core.place import Place
from service.counts import Counts
from service.db import Database
from service.dispatch import RqJobQueue
from service.flows.checks.before_letters import failures_before_letters
from service.flows.checks.doctor import Doctor, why_page_fails
from service.flows.checks.mailgun_setup import MailgunSetup
from service.flows.checks.round_trip import RoundTripSender
from service.flows.incoming.replies.apply import ReplyApplier
from service.flows.incoming.replies.join_by_mail import JoinByMail
from service.flows.incoming.replies.photo_processing import PhotoProcessor
from service.flows.incoming.replies.process import ReplyProcessor
from service.flows.incoming.replies.sent_email import SentEmailFinder
from service.flows.incoming.replies.store import InboundStore
from service.flows.outgoing.email_builder import EmailBuilder
from service.flows.outgoing.email_context import EmailContext
from service.flows.outgoing.feeds.auto_posts import AutoPosts
from service.flows.outgoing.feeds.feed_looker import FeedLooker
from service.flows.outgoing.links import LinkMaker
from service.flows.outgoing.planning.library_reading import keep_fresh
from service.flows.outgoing.sending.provider_requests import ProviderRequests
from service.flows.outgoing.sending.send import Sender
from service.flows.outgoing.sending.send_writer_mail import WriterMailSender
from service.flows.outgoing.sending.sending_limits import SendingRate
from service.flows.outgoing.sending.suppression_sync import SuppressionSync
from service.flows.outgoing.settling.old_copy import OldCopyGuard
from service.flows.outgoing.settling.settle import Settler
from service.flows.people.journal.digest_reading import DigestReader
from service.flows.people.journal.photos.photo_upload import PhotoUploader
from service.flows.people.journal_export.book_texts import BookTexts
from service.flows.people.journal_export.export_texts import ExportTexts
from service.flows.people.journal_export.file_writer import JournalFileWriter
from service.flows.people.journal_export.journal_exporter import JournalExporter
from service.flows.people.journal_import.journal_importer import JournalImporter
from service.flows.people.personal_data.eraser import Eraser
from service.job_queue import BackgroundJob, JobQueue
from service.mail.dns_lookup import DnsResolver
from service.mail.outbound.composer import Composer
from service.mail.outbound.mailer import MailProvider
from service.mail.outbound.mailgun import MailgunGateway
from service.mail.outbound.mailgun_account import MailgunAccount
from service.mail.sandbox.reader import MailReader
from service.mail.web_fetch import WebFetcher
from service.models import Counter, Installation, Keyring
from service.storage import Storage
from service.template_files import (
    TEMPLATES,
    load_command_phrases,
    load_library,
    load_ordinary,
    load_place,
    load_step_phrases,
    page_style,
)

# The work of a job of the queue `jobs` for one id; it returns the ids of deliveries that it planned.
BackgroundWork = Callable[[int], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts of a running process."""

    settings: Settings
    place: Place = field(repr=False)
    database: Database
    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    composer: Composer = field(repr=False)
    mailer: MailProvider = field(repr=False)
    installation: str
    storage: Storage = field(repr=False)
    job_queue: JobQueue = field(repr=False)
    ordinary: frozenset[str] = field(repr=False)
    step_phrases: Mapping[str, StepPhrases] = field(repr=False)
    clock: Clock = utc_now
    counts: Counts = field(default_factory=Counts, repr=False)

    @property
    def writer_name(self) -> str:
        """Return the name of who writes the letters, or "" if nobody is named."""
        return _writer_name(self.settings, self.place)

    def keep_library_fresh(self) -> None:
        """Read what the writers changed about prompts, once a minute; every process does so at its work."""
        keep_fresh(self.database, self.library, self.clock())

    def sender(self, stopping: Callable[[], bool] = lambda: False) -> Sender:
        """Return the sender of deliveries; `stopping` says that the worker is about to end."""
        return Sender(
            database=self.database,
            email_builder=self.email_builder(),
            mailer=self.mailer,
            suppression_lists=self.mailer,
            clock=self.clock,
            lease=timedelta(seconds=self.settings.lease_seconds),
            batch_size=self.settings.batch_size,
            batch_bytes=self.settings.batch_bytes,
            rate=self.sending_rate(),
            installation=self.installation,
            stopping=stopping,
            counts=self.counts,
        )

    def sending_rate(self) -> SendingRate:
        """Return how many scheduled emails may go within an hour, by the settings."""
        return SendingRate(self.settings.emails_per_hour, self.settings.warm_up_from, self.settings.letters_per_hour)

    def background_work(self, stopping: Callable[[], bool] = lambda: False) -> dict[BackgroundJob, BackgroundWork]:
        """Return what each job of the queue `jobs` does for one id; `stopping` as for `sender`."""
        return {
            BackgroundJob.WRITER_MAILS: self.writer_mail_sender(stopping).send,
            BackgroundJob.IMPORTS: self.journal_importer(stopping).work,
            BackgroundJob.EXPORTS: self.journal_exporter(stopping).work,
            BackgroundJob.ERASURES: self.eraser().work,
            BackgroundJob.FEEDS: self.feed_looker().work,
        }

    def journal_importer(self, stopping: Callable[[], bool] = lambda: False) -> JournalImporter:
        """Return what reads journal files and brings their entries in."""
        return JournalImporter(self.database, self.keyring, self.storage, self.clock, self.job_queue, stopping=stopping)

    def journal_exporter(self, stopping: Callable[[], bool] = lambda: False) -> JournalExporter:
        """Return what writes exports of journals."""
        parts = (self.database, self.keyring, self.storage, self.clock, self.job_queue, self.journal_file_writer())
        return JournalExporter(*parts, stopping)

    def journal_file_writer(self) -> JournalFileWriter:
        """Return what writes a journal as one file."""
        texts = ExportTexts(TEMPLATES, name=self.place.name, style=page_style(self.place))
        parts = (self.database, self.keyring, self.library, self.storage, texts, BookTexts(TEMPLATES))
        return JournalFileWriter(*parts, self.inbound_store().open_for_owner)

    def eraser(self) -> Eraser:
        """Return what erases subscribers."""
        return Eraser(self.database, self.keyring, self.storage, self.mailer, self.clock)

    def feed_looker(self) -> FeedLooker:
        """Return what looks at the feeds of blogs."""
        agent = f"SmallSteps (+{self.settings.base_url})"
        fetcher = WebFetcher(agent, allows_loopback=self.settings.feeds_from_loopback)
        auto = AutoPosts(self.email_context(), ZoneInfo(self.settings.writer_time_zone))
        find_failures = partial(failures_before_letters, self.doctor())
        return FeedLooker(self.database, self.keyring, fetcher, self.clock, auto, find_failures)

    def writer_mail_sender(self, stopping: Callable[[], bool]) -> WriterMailSender:
        """Return the sender of mails to the writers."""
        return WriterMailSender(
            database=self.database,
            keyring=self.keyring,
            composer=self.composer,
            requests=self.provider_requests(),
            clock=self.clock,
            lease=timedelta(seconds=self.settings.lease_seconds),
            writer_emails=self.settings.writer_emails,
            stopping=stopping,
        )

    def provider_requests(self) -> ProviderRequests:
        """Return what makes the requests to the provider."""
        return ProviderRequests(self.database, self.mailer, self.mailer, self.clock, self.installation, self.counts)

    def write_counts(self) -> None:
        """Write what this process has counted to the database, as `Counter.write_all` does."""
        Counter.write_all(self.database, self.counts)

    def suppression_sync(self) -> SuppressionSync:
        """Return what keeps our suppressions and the provider's the same."""
        return SuppressionSync(self.database, self.keyring, self.mailer, self.clock)

    def settler(self) -> Settler:
        """Return what settles deliveries in doubt by the provider's record."""
        after = timedelta(minutes=self.settings.settle_after_minutes)
        return Settler(self.database, self.keyring, self.mailer, self.clock, after)

    def old_copy_guard(self) -> OldCopyGuard:
        """Return what notices that this database is an old copy."""
        return OldCopyGuard(self.database, self.keyring, self.mailer, self.clock, is_local=self.settings.is_local)

    def doctor(self) -> Doctor:
        """Return what checks the whole set-up."""
        return Doctor(
            settings=self.settings,
            database=self.database,
            account=self.provider_account(),
            lookup=DnsResolver().txt,
            probe=why_page_fails,
            help_lines=self.composer.help_lines,
            clock=self.clock,
        )

    def round_trip_sender(self) -> RoundTripSender:
        """Return what sends test mails to the service itself."""
        return RoundTripSender(self.database, self.composer, self.mailer, self.settings.reply_domain, self.clock)

    def mailgun_setup(self) -> MailgunSetup:
        """Return what sets up the account at the provider."""
        return MailgunSetup(self.settings, self.provider_account(), DnsResolver().txt)

    def provider_account(self) -> MailgunAccount:
        """Return the account at the provider."""
        return MailgunAccount(api_key=self.settings.mailgun_api_key, api_url=self.settings.mailgun_api_url)

    def email_builder(self) -> EmailBuilder:
        """Return the builder of emails for deliveries."""
        return EmailBuilder(self.email_context(), mail_domain=parseaddr(self.settings.mail_from)[1].rpartition("@")[2])

    def email_context(self) -> EmailContext:
        """Return the parts that emails are built with."""
        links = LinkMaker(self.keyring, self.settings.base_url, self.settings.reply_domain)
        return EmailContext(self.keyring, self.library, self.composer, links, self.digests())

    def digests(self) -> DigestReader:
        """Return the reader of the words that digests are made from."""
        return DigestReader(self.keyring, self.library, self.ordinary)

    def photo_uploader(self) -> PhotoUploader:
        """Return what keeps the photos of forms."""
        return PhotoUploader(self.keyring, self.storage)

    def inbound_store(self) -> InboundStore:
        """Return the store of incoming mail."""
        return InboundStore(self.database, self.keyring, self.storage, self.settings.reply_domain, self.clock)

    def reply_processor(self) -> ReplyProcessor:
        """Return the processor of incoming mail."""
        reader = MailReader()
        return ReplyProcessor(
            database=self.database,
            keyring=self.keyring,
            inbound_store=self.inbound_store(),
            reader=reader,
            photo_processor=PhotoProcessor(self.database, self.keyring, self.storage, reader),
            sent_email_finder=SentEmailFinder(self.email_context()),
            applier=ReplyApplier(self.keyring, self.library, self.step_phrases),
            join_by_mail=JoinByMail(self.keyring, self.library, ZoneInfo(self.settings.writer_time_zone)),
            own_address=parseaddr(self.settings.mail_from)[1],
            command_phrases=load_command_phrases(),
            step_phrases=self.step_phrases,
            clock=self.clock,
        )


def make_runtime(settings: Settings, *, clock: Clock = utc_now, job_queue: JobQueue | None = None) -> Runtime:
    """Return the parts of a process, from its settings.

    Raises:
        SealError: the keys of the environment do not open those in the database.
        SettingsError: a file in the folder of the place is missing or not valid.
    """
    place = load_place(settings)
    database = Database.at(settings.database_url)
    runtime = Runtime(
        settings=settings,
        place=place,
        database=database,
        keyring=Keyring.load(database, settings.keys, clock()),
        library=load_library(),
        composer=Composer(
            TEMPLATES,
            base_url=settings.base_url,
            sender=settings.mail_from,
            postal_address=settings.postal_address,
            place=place,
            writer=_writer_name(settings, place),
        ),
        mailer=MailgunGateway(
            api_key=settings.mailgun_api_key,
            domain=settings.mailgun_domain,
            api_url=settings.mailgun_api_url,
            now=clock,
        ),
        installation=Installation.load(database, clock()),
        storage=Storage.at(settings.storage_url),
        job_queue=job_queue or RqJobQueue(settings.redis_url),
        ordinary=load_ordinary(),
        step_phrases=load_step_phrases(),
        clock=clock,
    )
    runtime.keep_library_fresh()
    return runtime


def _writer_name(settings: Settings, place: Place) -> str:
    return settings.letters_from or place.writer.name
