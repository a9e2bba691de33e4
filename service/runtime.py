"""Everything a process needs, made once from the settings: the one place where the parts are put together."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr

import structlog

from service.clock import Clock, utc_now
from service.config import ROOT, Settings
from service.core.commands import Phrasebook
from service.core.prompts import Library
from service.core.steps import StepBook
from service.core.wording import Wording
from service.db import Database
from service.dispatch import Doorbell, QueueDoorbell
from service.flows.addressing import Addressing
from service.flows.digest_reading import DigestReader
from service.flows.making import Making
from service.flows.parcels import Packer
from service.flows.photos import Darkroom
from service.flows.receiving import Door
from service.flows.recognising import Recogniser
from service.flows.replies import Receiver
from service.flows.sending import Sender
from service.mail.compose import Composer
from service.mail.mailgun import MailgunGateway
from service.mail.outgoing import Mailer
from service.mail.reader import Reader
from service.models import Keyring
from service.storage import Storage

TEMPLATES = ROOT / "templates"


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts of a running process."""

    settings: Settings
    database: Database
    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    composer: Composer = field(repr=False)
    mailer: Mailer = field(repr=False)
    storage: Storage = field(repr=False)
    doorbell: Doorbell = field(repr=False)
    ordinary: frozenset[str] = field(repr=False)
    step_books: Mapping[str, StepBook] = field(repr=False)
    clock: Clock = utc_now

    def sender(self, stopping: Callable[[], bool] = lambda: False) -> Sender:
        """Return what sends deliveries; `stopping` tells it that the worker is to end."""
        return Sender(
            database=self.database,
            packer=self.packer(),
            mailer=self.mailer,
            clock=self.clock,
            lease=timedelta(seconds=self.settings.lease_seconds),
            batch_size=self.settings.batch_size,
            stopping=stopping,
        )

    def packer(self) -> Packer:
        """Return what makes emails from deliveries."""
        addressing = Addressing(self.keyring, self.settings.base_url, self.settings.reply_domain)
        making = Making(self.keyring, self.library, self.composer, addressing, self.digests())
        return Packer(making, mail_domain=parseaddr(self.settings.mail_from)[1].rpartition("@")[2])

    def digests(self) -> DigestReader:
        """Return what opens the words that digests are made of."""
        return DigestReader(self.keyring, self.library, self.ordinary)

    def door(self) -> Door:
        """Return what keeps the mail that comes in."""
        return Door(self.database, self.keyring, self.storage, self.settings.reply_domain, self.clock)

    def receiver(self) -> Receiver:
        """Return what understands the mail that came in."""
        name, address = parseaddr(self.settings.mail_from)
        reader = Reader()
        return Receiver(
            database=self.database,
            keyring=self.keyring,
            library=self.library,
            door=self.door(),
            reader=reader,
            darkroom=Darkroom(self.database, self.keyring, self.storage, reader),
            recogniser=Recogniser(
                self.keyring, self.library, self.composer, self.digests(), self.settings.reply_domain, name
            ),
            own_address=address,
            phrasebooks=load_phrasebooks(),
            step_books=self.step_books,
            clock=self.clock,
        )


def make_runtime(settings: Settings, *, clock: Clock = utc_now, doorbell: Doorbell | None = None) -> Runtime:
    """Return the parts of a process, from its settings.

    Raises:
        SealError: the keys of the environment do not open those in the database.
    """
    database = Database.at(settings.database_url)
    return Runtime(
        settings=settings,
        database=database,
        keyring=Keyring.load(database, settings.keys, clock()),
        library=load_library(),
        composer=Composer(
            TEMPLATES,
            base_url=settings.base_url,
            sender=settings.mail_from,
            postal_address=settings.postal_address,
        ),
        mailer=MailgunGateway(
            api_key=settings.mailgun_api_key,
            domain=settings.mailgun_domain,
            api_url=settings.mailgun_api_url,
            now=clock,
        ),
        storage=Storage.at(settings.storage_url),
        doorbell=doorbell or QueueDoorbell(settings.redis_url),
        ordinary=load_ordinary(),
        step_books=load_step_books(),
        clock=clock,
    )


def load_library() -> Library:
    """Return the prompt library of templates/prompts."""
    return Library.parse(prompt_files())


def load_ordinary() -> frozenset[str]:
    """Return the words that come back in anybody's writing, of templates/prompts/words.toml."""
    return Wording.parse((TEMPLATES / "prompts" / "words.toml").read_text("utf-8")).ordinary


def load_phrasebooks() -> dict[str, Phrasebook]:
    """Return the commands of templates/commands, by language."""
    files = (TEMPLATES / "commands").glob("*.toml")
    return {path.stem: Phrasebook.parse(path.read_text("utf-8")) for path in files}


def load_step_books() -> dict[str, StepBook]:
    """Return how steps are chosen and answered, of templates/steps, by language."""
    files = (TEMPLATES / "steps").glob("*.toml")
    return {path.stem: StepBook.parse(path.read_text("utf-8")) for path in files}


def prompt_files() -> list[tuple[str, str]]:
    """Return the prompts and the word lists as (path below templates/prompts, text), sorted."""
    folder = TEMPLATES / "prompts"
    return [(path.relative_to(folder).as_posix(), path.read_text("utf-8")) for path in sorted(folder.rglob("*.*"))]


def set_up_logging(level: str) -> None:
    """Write structured lines to standard error: JSON for a machine, plain for a terminal; ids, never words."""
    on_terminal = sys.stderr.isatty() or os.environ.get("LOG_FORMAT") == "plain"
    renderer = structlog.dev.ConsoleRenderer(colors=False) if on_terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
