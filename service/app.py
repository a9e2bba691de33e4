"""The Flask application: blueprints, guards and templates put together."""

from __future__ import annotations

import sys
from collections.abc import Callable

from flask import Flask, request
from jinja2 import StrictUndefined
from markupsafe import Markup
from werkzeug.middleware.proxy_fix import ProxyFix

from service.config import SettingsError, load_settings
from service.core import dates
from service.core.helplines import parse_help_lines
from service.core.place import Place
from service.core.sealing import SealError
from service.core.text.light_markdown import line_as_html, words_as_html
from service.log_output import set_up_logging
from service.process_guards import guard_process
from service.runtime import Runtime, make_runtime
from service.template_files import TEMPLATES, page_style
from service.web import access_log, browser, converters, errors, webhooks
from service.web.context import get_runtime
from service.web.forms import uploads
from service.web.monitoring import health
from service.web.monitoring.webhook_counts import WebhookCounts
from service.web.pages import letters, static_pages
from service.web.pages.access import action_link, browser_sessions, passkey_sign_in, passkeys, sign_in
from service.web.pages.addresses import aliases, change_address, held
from service.web.pages.desk import (
    desk_account,
    desk_feeds,
    desk_home,
    desk_letters,
    desk_passkeys,
    desk_people,
    desk_prompts,
    desk_trouble,
)
from service.web.pages.journal import again, deleted_entries, journal, photos, search, send_on, steps, tags
from service.web.pages.month import digest, month_markdown, year
from service.web.pages.personal_data import about_person, erase, journal_export, journal_import
from service.web.pages.settings import own_questions, quiet_dates, settings
from service.web.pages.subscription import frequency, letters_signup, signup
from service.web.pages.writing import edit, write
from service.web.security import security
from service.web.security.csrf import csrf

GUNICORN_GIVES_UP = (
    4  # the server's code for an application that cannot be loaded, after which it starts no other worker
)

SCRIPTS = ("zone", "passkey")
BLUEPRINTS = (
    signup.blueprint,
    letters_signup.blueprint,
    sign_in.blueprint,
    passkey_sign_in.blueprint,
    journal.blueprint,
    deleted_entries.blueprint,
    edit.blueprint,
    again.blueprint,
    search.blueprint,
    journal_export.blueprint,
    tags.blueprint,
    journal_import.blueprint,
    month_markdown.blueprint,
    send_on.blueprint,
    photos.blueprint,
    held.blueprint,
    digest.blueprint,
    year.blueprint,
    write.blueprint,
    steps.blueprint,
    settings.blueprint,
    aliases.blueprint,
    browser_sessions.blueprint,
    about_person.blueprint,
    passkeys.blueprint,
    change_address.blueprint,
    erase.blueprint,
    quiet_dates.blueprint,
    own_questions.blueprint,
    frequency.blueprint,
    action_link.blueprint,
    letters.blueprint,
    desk_account.blueprint,
    desk_feeds.blueprint,
    desk_home.blueprint,
    desk_letters.blueprint,
    desk_passkeys.blueprint,
    desk_people.blueprint,
    desk_prompts.blueprint,
    desk_trouble.blueprint,
    static_pages.blueprint,
    health.blueprint,
    webhooks.blueprint,
)


def create_app(runtime: Runtime) -> Flask:
    """Return the application with all pages and webhooks, for this runtime."""
    style = page_style(runtime.place)
    app = errors.ScrubbedFlask("smallsteps", template_folder=str(TEMPLATES), static_folder=None)
    app.extensions["runtime"] = runtime
    app.extensions["webhook_counts"] = WebhookCounts(runtime)
    app.extensions["help_lines"] = parse_help_lines((TEMPLATES / "helplines.toml").read_text("utf-8"))
    access_log.keep(app)
    security.guard(app, runtime.settings, style=style)
    errors.register(app)
    security.limit_token_routes(app)
    _keep_library_fresh(app)
    uploads.admit_photos(app, runtime.photo_uploader())
    csrf.init_app(app)
    csrf.exempt(webhooks.blueprint)  # signed by the provider, and sent without a cookie
    _prepare_templates(app, runtime.place, style=style)
    app.url_map.converters.update(
        day=converters.DayConverter, month=converters.MonthConverter, id=converters.IdConverter
    )
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    _trust(app, runtime.settings.trusted_proxies)
    return app


def from_environment() -> Flask:
    """Return the application for a WSGI server, with the settings of this process; end the process if they are bad."""
    guard_process()
    try:
        settings = load_settings()
        set_up_logging(settings.log_level)
        return create_app(make_runtime(settings))
    except (SettingsError, SealError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(GUNICORN_GIVES_UP)


def _keep_library_fresh(app: Flask) -> None:
    """Read what the writers changed about prompts before a request, once a minute; a check of life reads nothing."""

    @app.before_request
    def keep_fresh() -> None:
        if request.blueprint != health.blueprint.name:
            get_runtime().keep_library_fresh()


def _prepare_templates(app: Flask, place: Place, *, style: str) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for say in (dates.full_date, dates.weekday_and_date, dates.day_and_month, dates.month_name):
        app.jinja_env.filters[say.__name__] = say
    for show in (words_as_html, line_as_html):
        app.jinja_env.filters[show.__name__] = _as_markup(show)

    @app.context_processor
    def shared() -> dict[str, object]:
        return {"place": place, "style": style, "script": script, "signed_in": browser.has_signed_in()}

    codes = {name: (TEMPLATES / f"{name}.js").read_text("utf-8").strip() for name in SCRIPTS}

    def script(name: str) -> Markup:
        return security.allow_script(codes[name])


def _as_markup(show: Callable[[str], str]) -> Callable[[str], Markup]:
    """Return a filter whose result templates do not escape again: `show` escapes all words that it is given."""
    return lambda words: Markup(show(words))  # noqa: S704 - see above


def _trust(app: Flask, proxies: int) -> None:
    # X-Forwarded-Host is not read: a proxy that does not set it passes on a client's, and the host is checked by Host.
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]  # Flask's documented way
