"""The place: its name, its writer, its colours and the month on its first page."""

from collections.abc import Mapping

import pytest

from service.config import ROOT
from service.core.place import Place, PlaceError, contrast

FOLDER = ROOT / "templates" / "place"
WRITER = 'name = "Nora"\nwebsite = "https://nora.example"\nlines = ["Nora writes about slow things."]'


def files(**changed: str) -> Mapping[str, str]:
    """Return the files of templates/place, some of them changed."""
    names = {name.replace("_toml", ".toml"): text for name, text in changed.items()}
    return {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.toml")} | names


def test_place_has_what_its_files_say() -> None:
    place = Place.parse("Quiet Corner", files(writer_toml=WRITER))

    assert place.name == "Quiet Corner"
    assert (place.writer.name, place.writer.website) == ("Nora", "https://nora.example")
    assert place.writer.lines == ("Nora writes about slow things.",)
    assert place.sample_month.weeks[0] == (0, 0, 0, 0, 1, 2, 3)
    assert "--on-accent:#FFFFFF" in place.palette.css


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"writer_toml": "lines = 3"}, "lines is a list of texts"),
        ({"writer_toml": 'website = "http://nora.example"'}, "must begin with https://"),
        ({"writer_toml": f'lines = ["{"x" * 401}"]'}, "400 characters each"),
        ({"writer_toml": f'name = "{"x" * 41}"'}, "40 characters"),
        ({"writer_toml": "name = "}, "writer.toml: "),
        ({"colours_toml": "[light]"}, "needs these colours"),
        ({"sample_month_toml": 'name = "Mira"'}, "sample_month.toml: a value is missing"),
    ],
    ids=["no list", "no https", "a long line", "a long name", "no TOML", "no colours", "half a month"],
)
def test_bad_file_is_named_in_plain_words(changed: dict[str, str], message: str) -> None:
    with pytest.raises(PlaceError, match=message):
        Place.parse("Quiet Corner", files(**changed))


def test_missing_file_is_named() -> None:
    with pytest.raises(PlaceError, match=r"colours\.toml is not in the folder"):
        Place.parse("Quiet Corner", {name: text for name, text in files().items() if name != "colours.toml"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("#2E2A25", "#9A9184", r"\[light\] ink on paper has a contrast of 2.\d; it needs 4.5"),
        ("#857B6C", "#E0DCD5", r"\[light\] border on paper has a contrast of 1.\d; it needs 3.0"),
        ("#2E2A25", "black", "ink must be # and six hexadecimal digits"),
    ],
    ids=["pale words", "pale edges", "a colour by name"],
)
def test_colours_that_cannot_be_read_are_refused(old: str, new: str, message: str) -> None:
    colours = files()["colours.toml"].replace(old, new, 1)

    with pytest.raises(PlaceError, match=message):
        Place.parse("Quiet Corner", files(colours_toml=colours))


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
