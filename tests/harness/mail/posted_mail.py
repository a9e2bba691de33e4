"""A fixture of a post by a Mailgun route, and functions to post fields."""

import json
from collections.abc import Sequence
from urllib.parse import urlencode

from service.config import ROOT
from service.mail.inbound.inbound_mail import InboundMail, Post, parse_post, read_mail

DATA = ROOT / "tests" / "data" / "mailgun"
FIELDS = [(name, value) for name, value in json.loads((DATA / "route-fields.json").read_text())]
RAW_MIME = (DATA / "route-mime.eml").read_bytes()
FORM = "application/x-www-form-urlencoded"
Files = Sequence[tuple[str, str, str, bytes]]


def urlencoded(fields: Sequence[tuple[str, str]]) -> Post:
    return parse_post(FORM, urlencode(fields).encode())


def multipart(fields: Sequence[tuple[str, str]], files: Files = (), *, boundary: str = "xYzZY") -> tuple[str, bytes]:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    parts += [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        f"Content-Type: {kind}\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, filename, kind, data in files
    ]
    return f"multipart/form-data; boundary={boundary}", b"".join([*parts, f"--{boundary}--\r\n".encode()])


def mail(*extra: tuple[str, str], without: Sequence[str] = ()) -> InboundMail:
    kept = [(name, value) for name, value in FIELDS if name not in without]
    return read_mail(urlencoded([*kept, *extra]))
