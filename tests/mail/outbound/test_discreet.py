"""Discreet emails: what shows of one that has not been opened tells nothing, whichever it is."""

from __future__ import annotations

import tomllib
from email.utils import parseaddr

import pytest

from service.mail.outbound.discreet import DiscreetWords
from service.mail.outbound.rendering import NAMES
from service.mail.outbound.short_emails import read_short_emails
from service.models import DeliveryKind
from service.template_files import load_library
from tests.harness.mail.sample_emails import TEMPLATES, THEIR_WORDS, composer, emails_in_mode
from tests.harness.mail.telling import shown_unopened, telling_words

FILE = (TEMPLATES / "email" / "discreet.toml").read_text(encoding="utf-8")
WORDS = DiscreetWords.parse(FILE)
DISCREET, ORDINARY = emails_in_mode(is_discreet=True), emails_in_mode()
SHORT = read_short_emails((TEMPLATES / "email" / "answers.toml").read_text(encoding="utf-8"))
# The sample emails of each kind of delivery, by the beginning of their names.
KINDS = {
    DeliveryKind.CONFIRMATION: ("confirmation",),
    DeliveryKind.WELCOME: ("welcome",),
    DeliveryKind.PROMPT: ("prompt",),
    DeliveryKind.ANOTHER: ("prompt",),
    DeliveryKind.STEP_FOLLOW_UP: ("step_follow_up",),
    DeliveryKind.DIGEST: ("digest",),
    DeliveryKind.YEAR: ("year",),
    DeliveryKind.QUIET_MONTH: ("quiet_month",),
    DeliveryKind.SIGN_IN: ("sign_in",),
    DeliveryKind.RECEIPT: ("receipt",),
    DeliveryKind.ANSWER: ("could_not_keep", "command", "step_taken", "step_not_yet", "step_let_go", "letter_kept"),
    DeliveryKind.NOTICE: ("less_often", "alias_asked_for", "alias_released"),
    DeliveryKind.ALIAS: ("alias_confirm",),
    DeliveryKind.ADDRESS: (
        "address_confirm",
        "address_moved",
        "address_here",
        "address_erasing",
        "address_back",
        "address_lost",
    ),
    DeliveryKind.ACCESS: ("access_passkey_added", "access_passkey_removed", "access_address_added"),
    DeliveryKind.LETTER: ("letter",),
    DeliveryKind.EXPORT: ("export_ready",),
    DeliveryKind.GOODBYE: ("goodbye",),
}

# In ordinary mode these quote a person's words, or name their files.
QUOTING = {
    *("digest", "year", "step_follow_up", "step_chosen", "could_not_keep_photo", "could_not_keep_only_files"),
    *("could_not_keep_left_out", "could_not_keep_all_left_out", "prompt_own"),
}
each_email = pytest.mark.parametrize("name", DISCREET)


def test_every_kind_of_delivery_every_template_and_every_short_email_is_read_here() -> None:
    assert KINDS.keys() == set(DeliveryKind)
    for names in KINDS.values():
        assert all(any(sample.startswith(name) for sample in DISCREET) for name in names)
    assert {name for name in NAMES if name != "answer"} <= DISCREET.keys()
    assert {name.replace(".", "_") for name in SHORT} <= DISCREET.keys()


@each_email
def test_sender_subject_and_first_lines_tell_nothing(name: str) -> None:
    email = DISCREET[name]
    shown = shown_unopened(email.sender, email.subject, email.text, email.html)
    assert telling_words(shown) == []
    assert "Small Steps" not in " ".join([*shown, email.headers["List-Id"]])


@each_email
def test_the_same_email_in_ordinary_mode_would_tell(name: str) -> None:
    """The control of the test above."""
    email = ORDINARY[name]
    assert telling_words(shown_unopened(email.sender, email.subject, email.text + " " * 200 + "x", email.html))


@each_email
def test_what_an_email_is_for_stands_below_and_the_rest_is_unchanged(name: str) -> None:
    discreet, ordinary = DISCREET[name], ORDINARY[name]
    assert parseaddr(discreet.sender)[1] == parseaddr(ordinary.sender)[1]
    if ordinary.reply_to != ordinary.sender:
        assert discreet.reply_to == ordinary.reply_to
    assert {**discreet.headers, "List-Id": ""} == {**ordinary.headers, "List-Id": ""}
    stream = "letters" if name == "letter" else "questions"
    assert discreet.headers["List-Id"].endswith(f"<{stream}.mail.example.org>")
    if name not in QUOTING:
        assert discreet.text.endswith(ordinary.text)


@each_email
def test_nothing_of_what_a_person_wrote_or_sent_is_quoted(name: str) -> None:
    for theirs in (*THEIR_WORDS, "minutes.pdf", "Three words"):
        assert theirs not in DISCREET[name].text + DISCREET[name].html + DISCREET[name].subject


def test_no_question_of_the_library_has_a_subject_of_discreet_mode() -> None:
    """Else the sender's name on an email could not be told from its subject."""
    library = load_library()
    subjects = {prompt.subject for locale in library.locales for prompt in library.for_locale(locale)}
    assert subjects.isdisjoint(WORDS.subjects)
    assert composer().sender_name("A small no") == "Small Steps"
    assert composer().sender_name(WORDS.subjects[0]) == WORDS.name


def test_two_questions_rarely_share_a_subject_and_an_answer_keeps_that_of_what_it_answers() -> None:
    found = [WORDS.subject("prompt", prompt.subject) for prompt in load_library().for_locale("en-GB")]
    assert set(found) == set(WORDS.subjects)
    assert max(found.count(subject) for subject in WORDS.subjects) < len(found) / 6
    first = WORDS.subject("prompt", "A small no")
    assert WORDS.subject("answer", f"Re: {first}") == f"Re: {first}"
    assert WORDS.subject("answer", "Re: A small no") == f"Re: {first}"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"subjects": []}, ValueError),
        ({"openings": {}}, KeyError),
        ({"openings": {"default": {"heading": "A note"}}}, KeyError),
        ({"openings": {"default": {"heading": "A note", "lines": [], "more": 1}}}, TypeError),
    ],
    ids=["no subject", "no default opening", "an opening without lines", "an opening with an unknown field"],
)
def test_a_file_that_lacks_something_is_refused(change: dict[str, object], error: type[Exception]) -> None:
    values = {**tomllib.loads(FILE), **change}
    lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
    with pytest.raises(error):
        DiscreetWords.parse("\n".join(lines))


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {_toml(each)}' for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
