"""Settings from the environment; a bad or missing value ends the program with one clear line."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
KEY_BYTES = 32
SECRET_LENGTH = 16
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
LONGEST_NAME = 40


class SettingsError(Exception):
    """The environment lacks a setting or has a bad one; the message is one line for the terminal."""


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Listed = Annotated[list[str], NoDecode]


class Settings(BaseSettings):
    """The settings; each comes from the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        env_file=(ROOT / "var" / "local.env", ROOT / ".env"),
        extra="ignore",
        hide_input_in_errors=True,
    )

    base_url: str = "http://localhost:8000"
    secret_key: str = Field(min_length=SECRET_LENGTH, repr=False)
    secret_key_fallbacks: Listed = Field(default_factory=list, repr=False)
    encryption_keys: Listed = Field(min_length=1, repr=False)
    database_url: str = Field(default=f"sqlite:///{ROOT / 'var' / 'smallsteps.db'}", repr=False)
    redis_url: str = Field(default=f"unix://{ROOT / 'var' / 'queue.sock'}", repr=False)
    storage_url: str = f"file://{ROOT / 'var' / 'objects'}"
    postoffice_folder: Path = ROOT / "var" / "postoffice"
    mailgun_api_url: str = "https://api.mailgun.net"
    mailgun_api_key: str = Field(min_length=1, repr=False)
    mailgun_domain: str = Field(min_length=1)
    mailgun_signing_key: Listed = Field(min_length=1, repr=False)
    mail_from: str = Field(min_length=3)
    reply_domain: str = Field(min_length=1)
    postal_address: str = Field(min_length=1)
    name_of_place: str = "Small Steps"
    place_folder: Path = ROOT / "templates" / "place"
    letters_from: str = Field(default="", max_length=80)
    writer_time_zone: str = "Europe/London"
    writer_emails: Listed = Field(default_factory=list, repr=False)
    feeds_from_loopback: bool = False
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    log_level: str = "INFO"
    metrics_token: str = Field(default="", repr=False)
    batch_size: int = Field(default=1000, ge=1, le=1000)
    batch_bytes: int = Field(default=16_000, ge=500)
    emails_per_hour: int | None = Field(default=None, ge=1)
    letters_per_hour: int | None = Field(default=None, ge=1)
    warm_up_from: date | None = None
    signups_above_usual: int = Field(default=30, ge=1)
    chunk_size: int = Field(default=1000, ge=1, le=10_000)
    lease_seconds: int = Field(default=300, ge=30)
    settle_after_minutes: int = Field(default=45, ge=30, le=1440)

    _lists = field_validator(
        "secret_key_fallbacks", "encryption_keys", "mailgun_signing_key", "writer_emails", mode="before"
    )(_split)

    @field_validator("base_url", "mailgun_api_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an address that begins with http:// or https://")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("must begin with https:// unless it is on this machine")
        return value.rstrip("/")

    @field_validator("feeds_from_loopback")
    @classmethod
    def _is_for_development(cls, value: bool, info: ValidationInfo) -> bool:
        # Fields are validated in their order; a bad BASE_URL is named by itself.
        if value and urlsplit(info.data.get("base_url", "")).hostname not in LOOPBACK:
            raise ValueError("is for development alone: BASE_URL must be on this machine")
        return value

    @field_validator("writer_emails")
    @classmethod
    def _are_addresses(cls, value: list[str]) -> list[str]:
        if not all(_ADDRESS.fullmatch(address) for address in value):
            raise ValueError("must be email addresses, separated by commas")
        return value

    @field_validator("name_of_place")
    @classmethod
    def _is_name(cls, value: str) -> str:
        name = value.strip()
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or set(name) & set('<>"@'):
            raise ValueError(f"must be at most {LONGEST_NAME} characters, without quotation marks, @, < and >")
        return name

    @field_validator("secret_key_fallbacks")
    @classmethod
    def _are_secrets(cls, value: list[str]) -> list[str]:
        if any(len(secret) < SECRET_LENGTH for secret in value):
            raise ValueError(f"must be former values of SECRET_KEY, each of at least {SECRET_LENGTH} characters")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _are_keys(cls, value: list[str]) -> list[str]:
        for key in value:
            _decoded_key(key)
        return value

    @field_validator("letters_from")
    @classmethod
    def _is_writer_name(cls, value: str) -> str:
        if not value.isprintable() or any(mark in value for mark in '<>"@'):
            raise ValueError('must be a name, on one line and without <, >, " or @')
        return value.strip()

    @field_validator("writer_time_zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("must be the name of a time zone, like Europe/London")
        return value

    @field_validator("log_level")
    @classmethod
    def _is_level(cls, value: str) -> str:
        level = value.upper()
        if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return level

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """Return the encryption keys as bytes, newest first, 32 bytes each."""
        return tuple(_decoded_key(key) for key in self.encryption_keys)

    @property
    def is_local(self) -> bool:
        """Return whether mail goes to the local post office instead of the provider."""
        return urlsplit(self.mailgun_api_url).hostname in LOOPBACK

    @property
    def postoffice_port(self) -> int:
        """Return the port of the local post office."""
        return urlsplit(self.mailgun_api_url).port or 8025

    @property
    def is_https(self) -> bool:
        """Return whether the pages are served over TLS (secure cookies, HSTS)."""
        return self.base_url.startswith("https://")


def load_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: a value is missing or bad; the message names the variable, never the value.
    """
    try:
        return Settings()
    except ValidationError as error:
        found = [f"{str(e['loc'][0]).upper() if e['loc'] else 'settings'}: {_plainly(e)}" for e in error.errors()]
        raise SettingsError("Cannot start. " + "; ".join(found) + ". See .env.example.") from None


def _plainly(error: object) -> str:
    assert isinstance(error, dict)
    if error["type"] == "missing":
        return "is not set"
    return str(error["msg"]).removeprefix("Value error, ")


def _decoded_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("each key must be 32 random bytes in base64 (make one with: openssl rand -base64 32)")
    return key
