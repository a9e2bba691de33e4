"""The options of the time zone field, and the zones that they send."""

import re

import pytest

from service.core.settings.schedule import zone_names
from service.web.forms.zones import chosen_zone, zone_options

OPTION = re.compile(r"<option(?: value=(\S+?))?>([^<]+)")


def test_every_option_sends_a_zone_of_its_own() -> None:
    sent = [value or label for value, label in OPTION.findall(zone_options(""))]
    zones = [zone.key for text in sent if (zone := chosen_zone(text))]

    assert len(zones) == len(set(zones)) == len(sent)
    assert {"Europe/London", "America/Argentina/Buenos_Aires", "UTC"} <= set(zones)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("London", "Europe/London"),
        ("Singapore", "Asia/Singapore"),  # an old name of its own as well
        ("Buenos Aires, Argentina", "America/Argentina/Buenos_Aires"),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("Europe/London", "Europe/London"),
    ],
)
def test_form_may_send_a_label_or_a_name(text: str, zone: str) -> None:
    found = chosen_zone(text)

    assert found is not None
    assert found.key == zone


@pytest.mark.parametrize("text", ["", "Nowhere", "../etc/passwd", "london"])
def test_what_is_no_zone_is_none(text: str) -> None:
    assert chosen_zone(text) is None


def test_every_name_is_understood() -> None:
    assert all(chosen_zone(name) for name in zone_names())


@pytest.mark.parametrize("chosen", ["London", "Europe/London"])
def test_chosen_place_is_selected_where_it_stands(chosen: str) -> None:
    options = zone_options(chosen)

    assert options.count("selected") == 1
    assert "<option selected>London" in options
