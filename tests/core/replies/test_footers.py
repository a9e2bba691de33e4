"""What stands under a person's words: footers and signatures go, and sentences that sound like them stay."""

from __future__ import annotations

import pytest

from tests.harness.mail.reply_examples import read, squeezed

NOTICE = (
    "This e-mail and any attachments are confidential and intended solely for the addressee. If you have received this "
    "email in error, please notify the sender and delete it."
)


def kept(text: str) -> str:
    return read(text, sent=None).bare


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("Not for me: she was the intended recipient of it, and she is gone.", id="a legal phrase"),
        pytest.param("Ein Umschlag mit vertrauliche Informationen lag offen im Flur, den ganzen Tag.", id="German"),
        pytest.param("Virus-free at last, after ten days in the back room with the curtains drawn.", id="virus-free"),
        pytest.param("Please excuse my brevity, the baby is on the other arm tonight.", id="brevity"),
        pytest.param("Prima di stampare la foto la guardo ancora una volta, e piango.", id="before printing"),
        pytest.param("Scanned by three doctors, and nobody knows.", id="scanned"),
        pytest.param("Sent from Mum", id="a parcel"),
        pytest.param("Sent from my sister who lost her phone", id="a parcel and a telephone"),
        pytest.param("Von meinem Opa ein Handy geerbt", id="an heirloom"),
        pytest.param("Denna e-post är skriven på bussen, med kalla fingrar och en trött hund.", id="Swedish"),
    ],
)
def test_a_sentence_is_kept_alone_and_under_others(sentence: str) -> None:
    assert squeezed(kept(sentence)) == squeezed(sentence)
    assert squeezed(kept(f"A quiet day.\n\n{sentence}")) == squeezed(f"A quiet day. {sentence}")


@pytest.mark.parametrize(
    "footer",
    [
        pytest.param(NOTICE, id="a notice"),
        pytest.param(f"----------\n{NOTICE}", id="a notice under a rule"),
        pytest.param("Virus-free. www.avast.com", id="a virus note"),
        pytest.param("Think before you print.", id="a request not to print"),
        pytest.param("Before printing, think about the environment", id="another one"),
        pytest.param("Please excuse any typos.", id="an excuse of a program"),
        pytest.param("Sent from my iPhone", id="a device"),
        pytest.param("Von meinem Samsung Galaxy Smartphone gesendet.", id="a device in German"),
        pytest.param("-- \nAnna Smith\n+44 20 7946 0000", id="a signature"),
        pytest.param("--\nAnna", id="a name under two hyphens"),
        pytest.param("—\nAnna Smith\nanna@example.com", id="a contact under a dash"),
    ],
)
def test_a_footer_goes(footer: str) -> None:
    assert squeezed(kept(f"A quiet day, and I slept.\n\n{footer}")) == squeezed("A quiet day, and I slept.")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("—\nrain on the roof\nnobody up but me", id="verse under a dash"),
        pytest.param("To do\n--\nmilk\nbread\nsleep", id="a list under two hyphens"),
        pytest.param("Left today:\n----------\nunsubscribe: the gym\nunsubscribe: his stories", id="a list under it"),
        pytest.param(NOTICE, id="a notice and nothing else"),
    ],
)
def test_what_a_person_may_have_typed_is_kept(text: str) -> None:
    assert squeezed(kept(text)) == squeezed(text)


def test_one_line_under_two_hyphens_that_is_most_of_the_words_is_kept() -> None:
    line = "the blue jug and the last of the morning bread, all of it mine"
    assert squeezed(kept(f"Ok.\n\n--\n{line}")) == squeezed(f"Ok. -- {line}")
    before = "The whole house slept until nine, and then we had porridge."
    assert squeezed(kept(f"{before}\n\n--\n{line}")) == squeezed(before)
