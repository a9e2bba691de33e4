"""What mail programs and gateways put above our text goes with it; what people write there stays."""

from __future__ import annotations

import pytest

from tests.harness.mail.reply_examples import ADDRESS, GMAIL_EN, NAME, SENT, TEXT, quoted, read

WORDS = "The grey one."
SUBJECT = SENT.subject
OUTLOOK = f"From: {NAME} <{ADDRESS}>\nSent: Thursday, 3 September 2026 10:20\nTo: Mia <mia@mail.example>"
HEADERS = f"{OUTLOOK}\nSubject: {SUBJECT}"

BLOCKS = {
    "the sender's address on a line of its own": HEADERS.replace(f" <{ADDRESS}>", f" \n<{ADDRESS}> "),
    "the sender's name on two lines": HEADERS.replace("Small Steps", "Small\nSteps"),
    "the address broken in the middle": HEADERS.replace(ADDRESS, f"{ADDRESS[:20]}\n{ADDRESS[20:]}"),
    "name and address broken twice": HEADERS.replace(f" <{ADDRESS}>", f"\n<{ADDRESS[:20]}\n{ADDRESS[20:]}>"),
    "on behalf of us": HEADERS.replace(f"{ADDRESS}>", f"{ADDRESS}>\nOn Behalf Of the steps"),
    "the recipient's address on a line of its own": HEADERS.replace("Mia <", "Mia \n<"),
    "the recipient's address without brackets": HEADERS.replace("Mia <mia@mail.example>", "Mia\nmia@mail.example"),
    "the date broken before the time": HEADERS.replace(" 10:20", "\n10:20"),
    "a subject on two lines": HEADERS.replace(SUBJECT, "A subject that is long enough for\nthe end of a line"),
    "several recipients, wrapped": HEADERS.replace("Mia <", "Mia <mia@work.example>;\nMia <"),
    "marked as quoted as well": quoted(HEADERS.replace(f" <{ADDRESS}>", f"\n<{ADDRESS}>")),
    "in bold": f"*From:* {NAME}\n<{ADDRESS}>\n*Date:* Thursday, 3 September 2026 10:20\n*Subject:* {SUBJECT}",
    "eM Client, without colons": (
        f'------ Original Message ------\nFrom "{NAME}" <{ADDRESS}>\nTo "Mia" <mia@mail.example>\n'
        f"Date 03/09/2026 10:20:00\nSubject {SUBJECT}"
    ),
    "eM Client in German": (
        f'------ Originalnachricht ------\nVon "{NAME}" <{ADDRESS}>\nAn "Mia" <mia@mail.example>\n'
        f"Datum 03.09.2026 10:20:00\nBetreff {SUBJECT}"
    ),
    "NetEase, as a table of bars": (
        f"| |\nMia\n|\n|\nmia@mail.example\n|\n---- 回复的原邮件 ----\n| 发件人 | {NAME}<{ADDRESS}> |\n"
        f"| 日期 | 2026年09月03日 10:20 |\n| 收件人 | mia@mail.example |\n| 抄送至 | |\n| 主题 | {SUBJECT} |"
    ),
    "QQ in English": (
        f"发自我的iPhone\n\n\n------------------ Original ------------------\nFrom: {NAME} <{ADDRESS}>\n"
        f"Date: Thu,Sep 3,2026 10:20 AM\nTo: mia <mia@mail.example>\nSubject: Re: {SUBJECT}"
    ),
    "QQ in Chinese": (
        f'------------------ 原始邮件 ------------------\n发件人: "{NAME}" <{ADDRESS}>;\n'
        f'发送时间: 2026年9月3日(星期四) 上午10:20\n收件人: "mia"<mia@mail.example>;\n主题: {SUBJECT}'
    ),
    "Seznam": (
        f"---------- Původní e-mail ----------\nOd: {NAME} <{ADDRESS}>\nKomu: mia@mail.example\n"
        f"Datum: 3. 9. 2026 10:20:00\nPředmět: {SUBJECT}"
    ),
    "Orange": (
        f'> Message du 03/09/26 10:20\n> De : "{NAME}" <{ADDRESS}>\n> A : mia@mail.example\n'
        f"> Copie à : \n> Objet : {SUBJECT}\n> "
    ),
    "Zimbra in French": (
        f'----- Mail original -----\nDe: "{NAME}" <{ADDRESS}>\nÀ: mia@mail.example\n'
        f"Envoyé: Jeudi 3 Septembre 2026 10:20:00\nObjet: {SUBJECT}"
    ),
    "Notes": (
        f'"{NAME}" ---03/09/2026 10:20:12---{SUBJECT}\n\nFrom: "{NAME}" <{ADDRESS}>\nTo: mia@mail.example\n'
        f"Date: 03/09/2026 10:20\nSubject: {SUBJECT}"
    ),
    "Outlook in Korean": (
        f"Outlook for iOS<https://aka.ms/o0ukef>를 받으세요\n{'_' * 32}\n보낸 사람: {NAME} <{ADDRESS}>\n"
        f"보낸 날짜: 2026년 9월 3일 목요일 10:20\n받는 사람: Mia <mia@mail.example>\n제목: {SUBJECT}"
    ),
    "a forwarded message": f"---------- Forwarded message ---------\n{HEADERS}",
    "a rule in a language that nobody told us": f"-------- Kusheni kwekuqala --------\n{HEADERS}",
}
BANNERS = {
    "a gateway's warning": "CAUTION: This email originated from outside of the organization. Do not click links.",
    "a wrapped warning": "This message came from outside your\norganization: do not click links you do not know.",
    "Outlook on a first contact": f"You don't often get email from {ADDRESS}. Learn why this is important<https://aka.ms/x>",
    "a warning in German": "ACHTUNG: Diese E-Mail kommt von außerhalb der Organisation.",
    "a warning in French": "ATTENTION : ce courriel provient de l'extérieur de l'entreprise.",
    "a warning in Chinese": "此邮件来自外部，请勿点击链接。",
    "a relay": "This email was forwarded from x1@mozmail.com by Firefox Relay. 1 email tracker removed.",
    "another relay": "DuckDuckGo removed one tracker. More",
}
SAID = {
    "of one's mother": "My mother wrote in 1998:",
    "of one's mother, with a whole date": "My mother wrote on 3 May 1998:",
    "in German": "Meine Mutter schrieb 1998:",
    "in French": "Ma mère a écrit le 3 mai 1998 à 10:20 :",
    "in Spanish": "Mi abuela escribió en 1998:",
    "of somebody long ago": "Virginia Woolf wrote on 3 May 1927:",
    "of a year": "In 2024 Clarice wrote:",
    "of oneself": "On 2 November 2026 at 08:00 I wrote:",
    "with a date of today": "He said on 02/11/2026:",
    "with a time": "At 10:30 she said:",
    "of what follows": "Here is what our teacher asked on 2 November 2026 at 08:00:",
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_headers_above_our_text_go_however_a_program_writes_them(block: str) -> None:
    below = quoted(TEXT) if block.startswith(">") else TEXT
    assert read(f"{WORDS}\n\n{block}\n\n{below}").text == WORDS


@pytest.mark.parametrize("banner", BANNERS.values(), ids=BANNERS)
def test_a_banner_between_the_headers_and_our_text_goes(banner: str) -> None:
    assert read(f"{WORDS}\n\n{HEADERS}\n\n{banner}\n\n{TEXT}").text == WORDS


def test_words_between_the_headers_and_our_text_stay() -> None:
    for said in ("I read this under the caution tape.", "Nobody could verify the sender, I thought.", "So."):
        assert read(f"{WORDS}\n\n{HEADERS}\n\n{said}\n\n{TEXT}").text == f"{WORDS}\n\n{said}"


def test_a_sentence_that_sounds_like_a_banner_stays_outside_the_quotation() -> None:
    said = "The noise originated from outside of the organization of my days."
    assert read(f"{said}\n\n{HEADERS}\n\n{TEXT}").text == said


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_what_a_person_writes_above_our_text_is_no_attribution(said: str) -> None:
    assert read(f"I found this.\n{said}\n\n{quoted(TEXT)}").text == f"I found this.\n{said}"
    assert read(f"{said}\n\n{GMAIL_EN}\n\n{quoted(TEXT)}").text == said


def test_a_heading_above_our_text_stays_without_headers() -> None:
    for heading in ("- Original", "--- Draft two ---", "Original"):
        assert read(f"{WORDS}\n\n{heading}\n\n{TEXT}").text == f"{WORDS}\n\n{heading}"


def test_a_rule_that_ends_the_quotation_goes() -> None:
    rules = "-------- Start of quoted message --------\n{}\n-------- End of quoted message --------"
    assert read(f"{WORDS}\n\n{rules.format(TEXT)}").text == WORDS


def test_a_letter_that_is_sent_on_below_our_text_stays() -> None:
    letter = "---------- Forwarded message ---------\n\nDear Mia, the swallows are back."
    assert read(f"{WORDS}\n\n{GMAIL_EN}\n\n{quoted(TEXT)}\n\n{letter}").text == f"{WORDS}\n\n{letter}"


FLAT = " ".join(TEXT.split())


def test_a_mail_on_one_line_is_split() -> None:
    assert read(f"{WORDS} {GMAIL_EN} {FLAT}").text == WORDS
    assert read(f"{WORDS} {GMAIL_EN} {FLAT} And the blue one.").text == f"{WORDS}\n\nAnd the blue one."


def test_our_text_on_the_line_of_the_attribution_goes() -> None:
    first, rest = TEXT.split("\n\n", 1)
    assert read(f"{WORDS}\n\nSent from Yahoo Mail for iPhone {GMAIL_EN}   {first} {rest}").text == WORDS


def test_a_sentence_that_repeats_our_question_is_not_split() -> None:
    said = "You asked me again and again, and again: What made you smile today?"
    assert read(f"{said}\n\n{GMAIL_EN}\n\n{quoted(TEXT)}").text == said


def test_a_line_with_our_address_beside_the_quotation_goes() -> None:
    for line in (f"<mailto:{ADDRESS}>", f"Reply-To: {ADDRESS}", f"via {NAME} {ADDRESS}", "hello@in.steps.example"):
        assert read(f"{WORDS}\n\n{line}\n\n{GMAIL_EN}\n\n{quoted(TEXT)}").text == WORDS


def test_a_sentence_with_our_address_is_kept_without_the_token() -> None:
    said = "I told my sister to write to {} as well."
    found = read(f"{said.format(ADDRESS)}\n\n{GMAIL_EN}\n\n{quoted(TEXT)}")
    assert found.text == said.format("r-…@in.steps.example")


def test_no_token_of_a_reply_address_is_kept_anywhere() -> None:
    token = ADDRESS.removeprefix("r-").partition("@")[0]
    mails = (
        f"{WORDS}\n\n{GMAIL_EN}\n\n{quoted(TEXT)}",
        f"{ADDRESS.upper()} {WORDS}",
        f"Stop: s-{token}@in.steps.example",
    )
    for mail in mails:
        for found in (read(mail), read(None, f"<p>{mail}</p>"), read(mail, None, None)):
            kept = "".join((found.text, found.bare, found.over, *(piece.text for piece in found.trimmed)))
            assert token not in kept.lower()
