"""The protection of every page: host check, headers, cookie, content security policy, limits on links."""

from __future__ import annotations

import base64
import hashlib
import threading
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, abort, g, request
from markupsafe import Markup

from service.config import Settings
from service.flows.people.access.sign_in import SESSION_LIFETIME
from service.web.context import network_hash, now
from service.web.errors import error_page
from service.web.security.limits import LARGEST_FORM_BYTES
from service.web.security.rate_limit import RateLimiter

HSTS = "max-age=63072000; includeSubDomains"
# Browser features that no page uses, disabled also for an injected script (W3C Permissions Policy).
UNUSED_FEATURES = (
    *("accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
# Platforms request these with any Host.
ANY_HOST = "health"
SHOWS_PHOTOS, SHOWS_FRAMES, SCRIPT = "shows_photos", "shows_frames", "script"
LINKS_AN_HOUR = 600
WRONG_TOKENS_AN_HOUR = 30
# Mail providers post one-click unsubscribes of many people from few addresses (RFC 8058).
ALWAYS_OPEN = "frequency"
# No link, but an answer that anybody may try, and that writes a row.
COUNTED_AS_LINKS = frozenset({"passkey_sign_in.use"})
# A link of the desk carries no proof of its own, so that a wrong one cannot be told from one that was used.
WRONG_IF_GONE = "desk_account"

log = structlog.get_logger()


def guard(app: Flask, settings: Settings, *, style: str) -> None:
    """Set up the cookie, the limits, the check of every request's host, and the headers of every response."""
    secure = settings.is_https
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=settings.secret_key_fallbacks,
        # Flask-WTF knows no fallbacks; itsdangerous takes a list, signs with its last and believes any.
        WTF_CSRF_SECRET_KEY=[*settings.secret_key_fallbacks, settings.secret_key],
        SESSION_COOKIE_NAME="__Host-steps" if secure else "steps",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        MAX_CONTENT_LENGTH=LARGEST_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM_BYTES,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the cookie, so that a slow writer loses nothing
        WTF_CSRF_SSL_STRICT=False,  # it needs a Referer, which our pages tell browsers not to send
    )
    # A proxy may not tell that it uses TLS, so a missing port is that of BASE_URL.
    default_port = 443 if secure else 80
    own = _place(settings.base_url, default_port)
    headers = _headers(style, secure=secure)
    if not settings.trusted_proxies:
        _warn_of_a_proxy(app)

    @app.before_request
    def check_host() -> None:
        if request.blueprint != ANY_HOST and _place(request.host_url, default_port) != own:
            abort(400, description="host")

    @app.before_request
    def check_path() -> None:
        if "\x00" in request.path:  # PostgreSQL takes no such text, and no page has it in its address
            abort(HTTPStatus.NOT_FOUND)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        policy = response.headers["Content-Security-Policy"]
        response.headers["Content-Security-Policy"] = _with_allowances(policy, settings.base_url)
        return response


def _with_allowances(policy: str, base_url: str) -> str:
    """Return a policy with what the page of this response was allowed besides."""
    if "img-src" not in policy:
        pictures = "'self'" if g.get(SHOWS_PHOTOS) else f"{base_url}/favicon.svg"
        policy += f"; img-src {pictures}"
    if SCRIPT in g:
        policy += f"; script-src {source_hash(g.script)}"
    if g.get(SHOWS_FRAMES):
        policy += "; frame-src 'self'"
    return policy


def _warn_of_a_proxy(app: Flask) -> None:
    """Log once that an untrusted proxy is in front of the pages, so that all visitors share its limits."""
    warned = threading.Event()

    @app.before_request
    def look() -> None:
        if "X-Forwarded-For" in request.headers and not warned.is_set():
            warned.set()
            log.warning("proxy.not_trusted", setting="TRUSTED_PROXIES")


def limit_token_routes(app: Flask) -> None:
    """Refuse networks that open hundreds of links or guess tokens; a valid link to stop always works.

    Mail scanners and shared networks open many links, so the limits are far above what people do.
    """
    links, guesses = RateLimiter(LINKS_AN_HOUR), RateLimiter(WRONG_TOKENS_AN_HOUR)

    @app.before_request
    def check_links() -> None:
        is_link = _has_token() or request.endpoint in COUNTED_AS_LINKS
        is_limited = is_link and request.blueprint != ALWAYS_OPEN
        if is_limited and not links.allows(network_hash(), now()):
            abort(HTTPStatus.TOO_MANY_REQUESTS)

    @app.after_request
    def count_guesses(response: Response) -> Response:
        is_gone = response.status_code == HTTPStatus.GONE and request.blueprint == WRONG_IF_GONE
        is_guess = _has_token() and (is_gone or response.status_code == HTTPStatus.NOT_FOUND)
        if is_guess and not guesses.allows(network_hash(), now()):
            return error_page(HTTPStatus.TOO_MANY_REQUESTS)
        return response


def _has_token() -> bool:
    return "token" in (request.view_args or {})


def allow_photos() -> None:
    """Allow the page of this response to show pictures of this site; other pages may only show the icon."""
    g.shows_photos = True


def allow_script(code: str) -> Markup:
    """Return the element that runs this script, and allow the page of this response to run it; no other page may."""
    g.script = code
    return Markup("<script>{}</script>").format(Markup(code))  # noqa: S704 - a file of ours


def allow_frames() -> None:
    """Allow the page of this response to show documents of this site in frames."""
    g.shows_frames = True


def frame_only(response: Response) -> Response:
    """Return a document that a page of this site may show in a frame; it can load and run nothing.

    Emails bring their own styles, which do nothing but look.
    """
    policy = ("default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "sandbox", "frame-ancestors 'self'")
    response.headers["Content-Security-Policy"] = "; ".join(policy)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    # A sandboxed document with any other policy is not loaded (HTML, "obtain a cross-origin opener policy").
    response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


def source_hash(text: str) -> str:
    """Return the source expression that allows exactly this inline text (CSP level 3, section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _headers(style: str, *, secure: bool) -> dict[str, str]:
    policy = (
        "default-src 'none'",
        f"style-src {source_hash(style)}",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    headers = {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    return {**headers, "Strict-Transport-Security": HSTS} if secure else headers


def _place(url: str, default_port: int) -> tuple[str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # not a valid host
        return None, None
    return parts.hostname, port or default_port
