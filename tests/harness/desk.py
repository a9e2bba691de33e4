"""The desk, as one writer uses it in a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyotp
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.core.addresses import Address
from service.flows.checks.before_letters import record_run
from service.flows.desk import second_factor
from service.flows.outgoing.letters.letter_drafts import LetterDraft, make_draft
from service.job_queue import BackgroundJob
from service.models import DeskAction, Letter, WriterMail
from tests.harness.website import WebHarness

WREN = "wren@example.org"
SECRET = re.compile(r"<code>([A-Z2-7]{32})</code>")


@dataclass
class DeskHarness:
    """The desk, and one browser of a writer."""

    site: WebHarness

    def ask(self, email: str = WREN) -> TestResponse:
        return self.site.post("/desk/sign-in", {"email": email})

    def link(self) -> str:
        """Return the path of the link in the last mail."""
        [*_, mail_id] = self.site.queue.background[BackgroundJob.WRITER_MAILS]
        with self.site.runtime.database.read() as session:
            mail = session.get_one(WriterMail, mail_id)
            return mail.open_values(self.site.runtime.keyring)["url"].removeprefix("http://localhost")

    def sign_in(self) -> None:
        self.ask()
        assert self.site.post(self.link()).location == "/desk"

    def enrol(self, email: str = WREN) -> pyotp.TOTP:
        """Set an authenticator app up, by a code as the command prints it."""
        runtime, now = self.site.runtime, self.site.clock()
        with runtime.database.write() as session:
            code_hash = runtime.keyring.index.digest("desk enrol", b"K7QM2XWA9RTC")
            hashed = runtime.keyring.address_hash(Address.parse(email))
            second_factor.begin_enrolment(session, runtime.keyring, hashed, code_hash, now)
        shown = self.site.post("/desk/second-factor/app", {"enrol": "k7qm-2xwa-9rtc"}, page="/desk/second-factor").text
        assert "<svg" in shown
        [secret] = SECRET.findall(shown)
        return pyotp.TOTP(secret)

    def confirm(self, app: pyotp.TOTP) -> TestResponse:
        code = app.at(self.site.clock())
        return self.site.post("/desk/second-factor", {"code": code})

    def pass_checks(self) -> None:
        """Record a run of the doctor that found no fault, so that letters may start."""
        record_run(self.site.runtime.database, [], self.site.clock())

    def draft(self) -> int:
        with self.site.runtime.database.write() as session:
            draft = LetterDraft(title="Ice", content="The pond froze.")
            return make_draft(session, draft, self.site.clock()).id

    def letter(self, letter_id: int) -> Letter:
        with self.site.runtime.database.read() as session:
            return session.get_one(Letter, letter_id)

    def actions(self) -> list[str]:
        with self.site.runtime.database.read() as session:
            return sorted(session.scalars(select(DeskAction.action)))
