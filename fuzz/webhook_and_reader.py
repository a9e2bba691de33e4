"""Fuzz the webhook's parsing and the reader: `make fuzz`. Only the documented errors may be raised."""

from __future__ import annotations

import os
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import atheris

with atheris.instrument_imports(include=["service"]):
    from service.core.replies.classify.automatic import author_of, holds_telling_part, is_delivery_report, is_reaction
    from service.core.replies.classify.bounce_reports import missing_addresses
    from service.core.replies.values import SentEmail
    from service.mail.inbound.inbound_mail import read_mail
    from service.mail.inbound.posts import MalformedPostError, content_hash, parse_post, read_signature
    from service.mail.sandbox.phrase_files import load_automatic_signs
    from service.mail.sandbox.reading import MailContent, read

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "data"
FOUND = ROOT / "var" / "fuzz"
LONGEST_BYTES = 64 * 1024
LONGEST_SECONDS = 6
SENT = SentEmail("Soup", "What did you taste today?\nReply with a line or two.", "<p>What did you taste today?</p>")
KINDS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain", "")


def webhook(data: bytes) -> None:
    """Parse a post like the view and then the job."""
    kind, body = KINDS[data[0] % len(KINDS)], data[1:]
    try:
        searched = read_signature(kind, body)
        post = parse_post(kind, body)
    except MalformedPostError:
        return
    searched.verify(["key"], datetime(2026, 1, 1, tzinfo=UTC))
    content_hash(post)
    mail = read_mail(post)
    signs = load_automatic_signs()
    author_of(
        mail.headers, signs, envelope_sender=mail.sender, from_address=mail.from_address, own=["hello@example.com"]
    )
    is_delivery_report(mail.headers)
    holds_telling_part((file.content_type, file.data) for file in mail.attachments)
    reader(MailContent(mail.raw_mime, mail.plain, mail.html))


def reader(content: MailContent) -> None:
    """Read a mail like the child process, with and without a known sent email."""
    for sent in (SENT, None):
        reading = read(content, sent)
        missing_addresses(reading.report)
        is_reaction(reading.words.bare, SENT.text, load_automatic_signs())
        reading.words.text.encode("utf-8")


def fuzz(data: bytes) -> None:
    """Pass one input to the target that its first byte selects."""
    if not data:
        return
    target, rest = data[0] % 4, data[1:]
    targets = {
        0: lambda: webhook(rest or b"\x00"),
        1: lambda: reader(MailContent(raw_mime=rest)),
        2: lambda: reader(MailContent(plain=rest.decode("utf-8", "replace"))),
        3: lambda: reader(MailContent(html=rest.decode("utf-8", "surrogateescape"))),
    }
    targets[target]()


def main() -> None:
    """Fuzz for FUZZ_SECONDS (600) from FUZZ_SEED (default: a new one), and print it; exit with 77 on a finding."""
    seconds = int(os.environ.get("FUZZ_SECONDS", "600"))
    seed = int(os.environ.get("FUZZ_SEED") or secrets.randbelow(2**31 - 1) + 1)
    corpus = FOUND / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, example in enumerate(sorted(EXAMPLES.rglob("*.eml"))):
        raw = example.read_bytes()[:LONGEST_BYTES]
        form = urlencode({"recipient": "r-x@reply.example.com", "body-mime": raw}).encode()
        for way, seed_input in (("mail", b"\x01" + raw), ("text", b"\x02" + raw), ("html", b"\x03" + raw)):
            (corpus / f"{way}-{number}").write_bytes(seed_input)
        (corpus / f"post-{number}").write_bytes(b"\x00\x00" + form)
    print(f"Fuzzing for {seconds} s. To repeat it: FUZZ_SEED={seed} make fuzz", flush=True)
    options = [
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        f"-max_len={LONGEST_BYTES}",
        f"-timeout={LONGEST_SECONDS}",
        "-rss_limit_mb=1024",
        "-print_final_stats=1",
        f"-artifact_prefix={FOUND}/",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], fuzz)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
