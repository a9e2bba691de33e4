"""A browser that visits the real application, with a clock that stands still and a queue in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.core.access.tokens import Action, ActToken, FrequencyToken
from service.core.addresses import Address
from service.flows.people.subscription import signup
from service.job_queue import InMemoryQueue
from service.models import Subscriber
from service.runtime import Runtime
from service.web.forms.form_time import FIELD, sign_form_time
from tests.harness.clock import MovableClock
from tests.harness.people.people import ANA

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
FILLED_IN = timedelta(seconds=20)
ONCE = re.compile(r'name="once" value="([^"]+)"')


@dataclass
class WebHarness:
    """The application and one browser."""

    app: Flask
    runtime: Runtime
    clock: MovableClock
    queue: InMemoryQueue
    browser: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.browser.get(path)

    def post(self, path: str, data: dict[str, object] | None = None, *, page: str | None = None) -> TestResponse:
        """Open the page, then submit its form with these fields."""
        text = self.browser.get(page or path).text
        token = TOKEN.search(text)
        assert token is not None, f"no form on {page or path}"
        fields: dict[str, object] = {"csrf_token": token.group(1)}
        if f'name="{FIELD}"' in text:  # the clock stands still, and a person takes longer than that
            fields[FIELD] = sign_form_time(self.runtime.keyring.index, self.clock() - FILLED_IN)
        return self.browser.post(path, data={**fields, **(data or {})})

    def another_browser(self) -> WebHarness:
        return WebHarness(self.app, self.runtime, self.clock, self.queue, self.app.test_client())

    def do_what_was_asked(self) -> list[int]:
        """Process the enqueued requests, as the job does."""
        planned = []
        with self.runtime.database.write() as session:
            for request_id in self.queue.mail_requests:
                planned += signup.process_mail_request(session, self.runtime.keyring, request_id, self.clock())
        return planned

    def person(self, address: Address = ANA) -> Subscriber:
        with self.runtime.database.read() as session:
            found = Subscriber.with_address(session, self.runtime.keyring.address_hash(address))
        assert found is not None
        return found

    def act_link(self, action: Action, object_id: int, *, person_id: int, lasts: timedelta) -> str:
        return ActToken(action, person_id, object_id, self.clock() + lasts).encode(self.runtime.keyring.index)

    def frequency_link(self) -> str:
        return FrequencyToken(self.person().id).encode(self.runtime.keyring.index)

    def ask_for_signup(self, email: str = "ana@example.com", **more: object) -> TestResponse:
        data = {"email": email, "rhythm": "three", "time_zone": "Europe/London", **more}
        return self.post("/subscribe", data, page="/")

    def confirm_path(self) -> str:
        token = self.act_link(
            Action.CONFIRM, self.queue.mail_requests[-1], person_id=self.person().id, lasts=timedelta(days=7)
        )
        return f"/confirm/{token}"

    def sign_in_path(self) -> str:
        token = self.act_link(
            Action.SIGN_IN, self.queue.mail_requests[-1], person_id=self.person().id, lasts=timedelta(minutes=10)
        )
        return f"/sign-in/{token}"

    def join(self) -> TestResponse:
        """Sign up and confirm; this browser is signed in afterwards."""
        self.ask_for_signup()
        self.do_what_was_asked()
        return self.post(self.confirm_path())

    def write(self, words: str) -> str:
        """Write something on a page; return the address of its entry."""
        kept = self.post("/write", {"words": words, "once": words[:40]})
        assert kept.status_code == 303
        return str(kept.location)
