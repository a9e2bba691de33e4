"""The attribution lines of mail programs in several languages.

Written from what each program shows; names in braces are those of `moment_words`
plus `name` and `address` of the sender quoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

_NOON = 12


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its calendar words, and the phrases of each group of programs."""

    label: str
    days: tuple[str, ...]
    short_days: tuple[str, ...]
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    gmail: str
    apple: str
    yahoo: str
    thunderbird: str
    outlook_names: tuple[str, str, str, str]
    outlook_sent: str
    outlook_prefix: str
    iphone_footer: str
    phone_footer: str
    original: str


LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        label="English",
        days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        short_days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        months=("January", "February", "March", "April", "May", "June", "July", "August",
                "September", "October", "November", "December"),
        short_months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
                      "Nov", "Dec"),
        gmail="On {short_day}, {short_month} {day}, {year} at {hour12}:{minute}\u202f{half} {name}"
              " <{address}> wrote:",
        apple="On {day} {short_month} {year}, at {hour24}:{minute}, {name} <{address}> wrote:",
        yahoo="On {long_day}, {long_month} {day}, {year} at {hour12_padded}:{minute}:{second}"
              " {half} GMT, {name} <{address}> wrote:",
        thunderbird="On {day_padded}/{month_padded}/{year} {hour24}:{minute}, {name} wrote:",
        outlook_names=("From", "Sent", "To", "Subject"),
        outlook_sent="{long_day}, {long_month} {day}, {year} {hour12}:{minute} {half}",
        outlook_prefix="RE:",
        iphone_footer="Sent from my iPhone",
        phone_footer="Sent from my phone",
        original="Original message",
    ),
    "de": Language(
        label="Deutsch",
        days=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        short_days=("Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."),
        months=("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August",
                "September", "Oktober", "November", "Dezember"),
        short_months=("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.",
                      "Okt.", "Nov.", "Dez."),
        gmail="Am {short_day}, {day}. {short_month} {year} um {hour24}:{minute} Uhr schrieb {name}"
              " <{address}>:",
        apple="Am {day_padded}.{month_padded}.{year} um {hour24}:{minute} schrieb {name}"
              " <{address}>:",
        yahoo="Am {long_day}, {day}. {long_month} {year} um {hour24}:{minute}:{second} MESZ hat"
              " {name} <{address}> Folgendes geschrieben:",
        thunderbird="Am {day_padded}.{month_padded}.{short_year} um {hour24}:{minute} schrieb {name}:",
        outlook_names=("Von", "Gesendet", "An", "Betreff"),
        outlook_sent="{long_day}, {day}. {long_month} {year} {hour24}:{minute}",
        outlook_prefix="AW:",
        iphone_footer="Von meinem iPhone gesendet",
        phone_footer="Von meinem Telefon gesendet",
        original="Ursprüngliche Nachricht",
    ),
    "es": Language(
        label="Español",
        days=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        short_days=("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
        months=("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto",
                "septiembre", "octubre", "noviembre", "diciembre"),
        short_months=("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct",
                      "nov", "dic"),
        gmail="El {short_day}, {day} {short_month} {year} a las {hour24}:{minute}, {name}"
              " (<{address}>) escribió:",
        apple="El {day} {short_month} {year}, a las {hour24}:{minute}, {name} <{address}> escribió:",
        yahoo="El {long_day}, {day} de {long_month} de {year}, {hour24}:{minute}:{second} CEST,"
              " {name} <{address}> escribió:",
        thunderbird="El {day}/{month}/{short_year} a las {hour24}:{minute}, {name} escribió:",
        outlook_names=("De", "Enviado", "Para", "Asunto"),
        outlook_sent="{long_day}, {day} de {long_month} de {year} {hour24}:{minute}",
        outlook_prefix="RE:",
        iphone_footer="Enviado desde mi iPhone",
        phone_footer="Enviado desde mi teléfono",
        original="Mensaje original",
    ),
    "fr": Language(
        label="Français",
        days=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        short_days=("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
        months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
                "septembre", "octobre", "novembre", "décembre"),
        short_months=("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.",
                      "oct.", "nov.", "déc."),
        gmail="Le {short_day} {day} {short_month} {year} à {hour24}:{minute}, {name} <{address}>"
              " a écrit\u00a0:",
        apple="Le {day} {short_month} {year} à {hour24}:{minute}, {name} <{address}> a écrit :",
        yahoo="Le {long_day} {day} {long_month} {year} à {hour24}:{minute}:{second} UTC+2, {name}"
              " <{address}> a écrit :",
        thunderbird="Le {day_padded}/{month_padded}/{year} à {hour24}:{minute}, {name} a écrit\u00a0:",
        outlook_names=("De", "Envoyé", "À", "Objet"),
        outlook_sent="{long_day} {day} {long_month} {year} {hour24}:{minute}",
        outlook_prefix="RE:",
        iphone_footer="Envoyé de mon iPhone",
        phone_footer="Envoyé depuis mon téléphone",
        original="Message d'origine",
    ),
}  # fmt: skip


def moment_words(language: Language, at: datetime) -> dict[str, str]:
    """Return the parts of a date and time that the phrases use, in `at`'s own zone."""
    hour12 = str(at.hour % _NOON or _NOON)
    return {
        "long_day": language.days[at.weekday()],
        "short_day": language.short_days[at.weekday()],
        "long_month": language.months[at.month - 1],
        "short_month": language.short_months[at.month - 1],
        "day": str(at.day),
        "day_padded": f"{at:%d}",
        "month": str(at.month),
        "month_padded": f"{at:%m}",
        "year": str(at.year),
        "short_year": f"{at:%y}",
        "hour24": f"{at:%H}",
        "hour12": hour12,
        "hour12_padded": hour12.zfill(2),
        "minute": f"{at:%M}",
        "second": f"{at:%S}",
        "half": "AM" if at.hour < _NOON else "PM",
    }
