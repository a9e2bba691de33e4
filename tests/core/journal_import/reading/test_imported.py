from __future__ import annotations

from service.core.journal_import.reading.imported import ImportedEntry, tags_of, text_of


def test_tags_of_a_file_become_tags_and_leave_the_words_alone() -> None:
    entry = ImportedEntry(place="1", words="Rain #tea", tags=("#Garden", "back step", "Tea"))
    assert tags_of(entry) == ("tea", "Garden", "back-step")
    assert text_of(entry) == "Rain #tea"


def test_what_can_be_no_tag_stays_below_the_words() -> None:
    entry = ImportedEntry(place="1", words="Rain", question="And?", tags=("2024", "garden", "🌧"))
    assert tags_of(entry) == ("garden",)
    assert text_of(entry) == "> And?\n\nRain\n\n#2024 #🌧"


def test_a_tag_that_was_removed_here_does_not_come_back_with_ones_own_file() -> None:
    entry = ImportedEntry(place="1", words="Rain #tee", tags=("tea",), has_all_tags=True)
    assert tags_of(entry) == ("tea",)
