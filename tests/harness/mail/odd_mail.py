"""An email and recipients with difficult characters, for the tests of the mailer."""

from datetime import UTC, datetime

from service.mail.outbound.mailer import OutgoingEmail, Recipient

NOW = datetime(2026, 5, 3, 8, 0, tzinfo=UTC)
EMAIL = OutgoingEmail(
    subject="A window",
    text="Phone face down.\nWhat went past?\n\n%recipient.stop_url%",
    html='<p>What went past?</p><a href="%recipient.stop_url%">Stop</a>',
    sender="Small Steps <hello@mail.example.org>",
    reply_to="%recipient.reply_address%",
    headers={
        "List-Unsubscribe": "<%recipient.one_click_url%>, <mailto:%recipient.stop_address%>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    },
)


def somebody(name: str = "maya", delivery_id: int = 2**62 + 1) -> Recipient:
    return Recipient(
        f"{name}@home.example",
        delivery_id,
        {
            "stop_url": f"https://steps.example/rest/{name}",
            "one_click_url": f"https://steps.example/unsubscribe/{name}",
            "reply_address": f"r-{name}@reply.example.org",
            "stop_address": f"s-{name}@reply.example.org",
        },
    )
