from click.testing import CliRunner

from service.cli import main


def test_the_command_reads_the_word_lists_too_and_finds_nothing_to_mend() -> None:
    result = CliRunner().invoke(main, ["prompts", "check"])
    assert result.output.endswith("files, and nothing to mend.\n")
    assert result.exit_code == 0
