"""Every page is easy enough to read, and a page that is not would be seen."""

import pytest
from click.testing import CliRunner

from studies.__main__ import main
from studies.pages import reading

pytestmark = pytest.mark.reading

HARD = (
    "Notwithstanding considerable methodological heterogeneity, practitioners overwhelmingly characterise "
    "implementations of recurrent architectures as computationally indistinguishable irrespective of representation.\n"
)


@pytest.mark.parametrize("name", reading.documents())
def test_a_page_is_easy_to_read(name):
    assert reading.grade(reading.now(name)) <= reading.MOST


def test_code_tables_headings_and_pictures_are_no_prose():
    prose = "A `name` is *short*, see [this page](x.md)."
    page = f"# Title here\n\n{prose}\n\n```\ncode\n```\n\n| a | b |\n|---|---|\n| c | d |\n\n![p](p)\n"
    assert reading.prose(page) == "A it is short, see this page."


def test_a_page_that_is_hard_fails_the_study(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/page.md").write_text(HARD)
    monkeypatch.setattr(reading, "ROOT", tmp_path)
    result = CliRunner().invoke(main, ["reading"])
    assert result.exit_code == 1 and "docs/page.md: grade" in result.output
