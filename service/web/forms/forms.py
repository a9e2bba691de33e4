"""Parsing forms into values, or into one sentence for each wrong field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from zoneinfo import ZoneInfo

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Field, File, MultipartDecoder, NeedData

from service.core.addresses import Address, AddressError
from service.core.dates import full_date
from service.core.library.prompts import DEFAULT_LOCALE, THEMES
from service.core.settings.schedule import FIRST_LIGHT, Days, Rhythm, Schedule
from service.flows.people.subscription.account import Preferences, Rest
from service.flows.people.subscription.signup_form import SignupForm
from service.web.forms.zones import chosen_zone
from service.web.security.limits import IMPORT_PATH, LARGEST_FORM_BYTES

Typed = MultiDict[str, str]
HALF_HOURS = tuple(time(hour, minute) for hour in range(24) for minute in (0, 30))
UNTIL, WRITTEN_ON = "until", "written_on"
FIRST_DAY = date(1900, 1, 1)  # nobody who writes here remembers an earlier day


@dataclass(frozen=True, slots=True)
class FormErrors:
    """The errors by field, each a sentence that says what to do."""

    by_field: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LikelyTypo:
    """The address is valid, but the person may mean this one."""

    likely: str = field(repr=False)


def typed_words() -> str:
    """Return the words in this request's form, with one kind of line end and no empty lines around them."""
    return request.form.get("words", "").replace("\r\n", "\n").replace("\r", "\n").strip()


def lost_words() -> str:
    """Return the words of a form that is refused, to give them back; also of one with photos, too large to be read."""
    if request.path == IMPORT_PATH:
        return ""  # its form has no words, and a thread would wait for what has not arrived yet
    try:
        return request.form.get("words", "")
    except RequestEntityTooLarge:
        boundary = request.mimetype_params.get("boundary", "")
        return _words_at_the_beginning(request.environ["wsgi.input"].read(LARGEST_FORM_BYTES), boundary.encode())


def _words_at_the_beginning(form: bytes, boundary: bytes) -> str:
    """Return the words of a form of which only the beginning is there; our pages send them before any file."""
    words, decoder = bytearray(), MultipartDecoder(boundary)
    try:
        decoder.receive_data(form)
        field_name = ""
        while not isinstance(event := decoder.next_event(), NeedData | File):
            if isinstance(event, Field):
                field_name = event.name
            elif isinstance(event, Data) and field_name == "words":
                words += event.data
    except ValueError:  # no form of ours
        return ""
    return words.decode("utf-8", "replace")


def read_signup(typed: Typed) -> SignupForm | FormErrors | LikelyTypo:
    """Return the signup, or the errors; a likely typo is asked about once, and the person decides."""
    problems: dict[str, str] = {}
    address = _address(typed, problems)
    days = _rhythm(typed, problems)
    zone = chosen_zone(typed.get("time_zone", ""))
    if zone is None:
        problems["time_zone"] = "Choose your time zone"
    if address is None or days is None or zone is None:
        return FormErrors(problems)
    if address.likely and typed.get("sure") != address.text:
        return LikelyTypo(address.likely)
    schedule = Schedule(days, FIRST_LIGHT, zone)
    return SignupForm(address, schedule, DEFAULT_LOCALE, wants_letters="letters" in typed)


def read_letters_signup(typed: Typed, zone: ZoneInfo) -> SignupForm | FormErrors | LikelyTypo:
    """Return the signup for letters alone, in the writer's zone, or what to look at again."""
    address = read_sure_address(typed)
    if not isinstance(address, Address):
        return address
    schedule = Schedule(Rhythm.THREE.days, FIRST_LIGHT, zone)
    return SignupForm(address, schedule, DEFAULT_LOCALE, wants_questions=False, wants_letters=True)


def read_address(typed: Typed) -> Address | FormErrors:
    """Return the typed address, or the error."""
    problems: dict[str, str] = {}
    return _address(typed, problems) or FormErrors(problems)


def read_sure_address(typed: Typed) -> Address | FormErrors | LikelyTypo:
    """Return the typed address, or the error; a likely typo is asked about once, and the person decides."""
    address = read_address(typed)
    if isinstance(address, Address) and address.likely and typed.get("sure") != address.text:
        return LikelyTypo(address.likely)
    return address


def read_preferences(typed: Typed, countries: Collection[str], locales: Collection[str]) -> Preferences | FormErrors:
    """Return the settings, or the errors.

    `countries` are those that have help lines, `locales` those that have questions.
    """
    problems: dict[str, str] = {}
    mask = sum({1 << int(day) for day in typed.getlist("days") if day in {*"0123456"}})
    if not mask:
        problems["days"] = "Choose at least one day, or take a rest instead"
    at = next((half for half in HALF_HOURS if half.isoformat("minutes") == typed.get("at")), None)
    if at is None:
        problems["at"] = "Choose a time of day"
    zone = chosen_zone(typed.get("time_zone", ""))
    if zone is None:
        problems["time_zone"] = "Choose your time zone"
    muted = [theme for theme in THEMES if theme in typed.getlist("muted")]
    if len(muted) == len(THEMES):
        problems["muted"] = "Leave at least one theme in"
    if not {"wants_questions", "wants_letters"} & set(typed):
        problems["wants_questions"] = "Choose questions, letters or both, or stop everything at the end of this page"
    if problems or at is None or zone is None:
        return FormErrors(problems)
    country, locale = typed.get("help_country", ""), typed.get("locale", "")
    return Preferences(
        wants_questions="wants_questions" in typed,
        wants_letters="wants_letters" in typed,
        schedule=Schedule(Days(mask), at, zone),
        muted_themes=muted,
        wants_digest="wants_digest" in typed,
        wants_look_backs="wants_look_backs" in typed,
        wants_thread="wants_thread" in typed,
        is_discreet="is_discreet" in typed,
        help_country=country if country in countries else "",
        locale=locale if locale in locales else DEFAULT_LOCALE,
    )


def read_written_on(typed: Typed, *, usual: date, last: date) -> date | FormErrors:
    """Return the local date that words are for, `usual` if the form has none, or the errors.

    `last` is the latest date that is possible: the person's own today.
    """
    text = typed.get(WRITTEN_ON, "")
    try:
        on = date.fromisoformat(text) if text else usual
    except ValueError:
        on = None
    if on is None or not FIRST_DAY <= on <= last:
        return FormErrors({WRITTEN_ON: f"Choose a day up to today, {full_date(last)}"})
    return on


def read_rest(typed: Typed) -> Rest | date | FormErrors:
    """Return the length of the rest, or the date until which it lasts, or the errors."""
    length = typed.get("length", "")
    if length == UNTIL:
        try:
            return date.fromisoformat(typed.get("until", ""))
        except ValueError:
            return FormErrors({UNTIL: "Choose a date to rest until"})
    try:
        return Rest(length)
    except ValueError:
        return FormErrors({"length": "Choose how long"})


def _address(typed: Typed, problems: dict[str, str]) -> Address | None:
    try:
        return Address.parse(typed.get("use") or typed.get("email", ""))
    except AddressError as error:
        problems["email"] = str(error)
        return None


def _rhythm(typed: Typed, problems: dict[str, str]) -> Days | None:
    try:
        return Rhythm(typed.get("rhythm", Rhythm.THREE)).days
    except ValueError:
        problems["rhythm"] = "Choose how often"
        return None
