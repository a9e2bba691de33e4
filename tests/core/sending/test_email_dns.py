from __future__ import annotations

import pytest

from service.core.sending.email_dns import applicable_policies, dkim_key_bits, dmarc_names, dmarc_policies, zone_line


def test_the_tree_walk_skips_to_seven_labels_and_asks_at_most_eight_names() -> None:
    assert dmarc_names("Mail.Example.org.") == ["_dmarc.mail.example.org", "_dmarc.example.org", "_dmarc.org"]
    names = dmarc_names("a.b.c.d.e.f.g.h.i.example.org")
    assert (len(names), names[1]) == (8, "_dmarc.e.f.g.h.i.example.org")


@pytest.mark.parametrize(
    ("records", "applies"),
    [
        pytest.param({"a.b.c": ["p=none"], "b.c": ["p=reject"]}, "a.b.c", id="the domain's own"),
        pytest.param({"a.b.c": [], "b.c": ["p=none"], "c": []}, "b.c", id="else the shortest name"),
        pytest.param({"a.b.c": [], "b.c": ["p=none"], "c": ["p=reject; psd=y"]}, "b.c", id="not a registry's"),
        pytest.param({"z.a.b": [], "a.b": ["p=none; psd=n"], "b": ["p=none"]}, "a.b", id="one that says it is"),
        pytest.param({"a.b.c": [], "b.c": [], "c": []}, None, id="none"),
    ],
)
def test_which_policy_applies(records: dict[str, list[str]], applies: str | None) -> None:
    found = [(name, dmarc_policies([f"v=DMARC1; {text}" for text in texts])) for name, texts in records.items()]
    applicable = applicable_policies(found)
    assert (applicable[0] if applicable else None) == applies


def test_what_is_no_policy_and_no_key_is_none() -> None:
    assert dmarc_policies(["v=spf1 -all", "v=DMARC10; p=none", "p=none"]) == []
    assert [dkim_key_bits(text) for text in ("k=rsa; p=", "p=AAAA", "p=é", "nonsense")] == [None] * 4


def test_quotation_marks_and_backslashes_are_escaped_in_a_zone_file() -> None:
    assert zone_line("TXT", "a.example", 'x"\\y') == 'a.example. IN TXT "x\\"\\\\y"'
