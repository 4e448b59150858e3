"""The pages and figures of studies follow from the code: a published page equals the one written now."""

import re
import shutil
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from conformance.interface.adapter import UsageError
from reference import layouts
from studies.__main__ import main
from studies.pages import command_line, conventions, figures, guarantees, picture, tutorial
from tests.documents import blocks

PAGES = {"command-line": command_line, "conventions": conventions, "guarantees": guarantees, "tutorial": tutorial}


@pytest.mark.parametrize("name", PAGES)
def test_a_published_page_equals_a_new_one(name):
    assert PAGES[name].PAGE.read_text() == PAGES[name].page(), f"write it again: python -m studies {name}"


def test_the_page_of_verdicts_agrees_with_the_code():
    assert guarantees.SHORT.read_text() == guarantees.short()


def test_the_page_of_adapters_has_every_converters_signature():
    assert conventions.ADAPTERS.read_text() == conventions.signatures()
    assert "`to_torch(p, suffix='_l0')`" in conventions.signatures()


def test_no_converter_is_left_out_of_the_conventions():
    assert not conventions.unnamed()


def test_another_order_of_gates_is_another_page(monkeypatch):
    convert = layouts.to_torch
    monkeypatch.setattr(layouts, "to_torch", lambda p: {name: np.roll(a, 5, axis=0) for name, a in convert(p).items()})
    assert conventions.page() != conventions.PAGE.read_text()


@pytest.mark.parametrize("name", figures.FIGURES)
def test_a_published_figure_is_drawn_from_the_same_numbers(name):
    told = re.compile(r"drawn from \w{64}")
    assert told.search((figures.FOLDER / name).read_text())[0] == told.search(figures.FIGURES[name]())[0]


def test_the_published_picture_is_of_pages_as_they_look():
    with Image.open(picture.FILE) as published:
        assert published.info["Description"] == f"drawn from {picture.template()}"
        assert published.size == tuple(picture.SIZE.values())


@pytest.mark.parametrize("name", picture.LOOKS)
def test_pages_that_look_otherwise_are_another_picture(tmp_path, monkeypatch, name):
    before = picture.template()
    monkeypatch.setattr(picture, "FOLDER", shutil.copytree(picture.FOLDER, tmp_path / "report"))
    (picture.FOLDER / name).write_text((picture.FOLDER / name).read_text() + "\n")
    assert picture.template() != before


def test_a_picture_wants_a_browser(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match=r"none of chromium, .* is on PATH"):
        picture.browser()


def test_the_blocks_about_the_gru_run():
    """The blocks run in order, because a block uses names from earlier ones."""
    known: dict = {}
    for block in blocks("docs/understanding-the-gru.md", "python"):
        exec(block, known)
    assert "reach" in known


@pytest.mark.parametrize(
    ("command", "module", "name"),
    [
        ("command-line", command_line, "PAGE"),
        ("conventions", conventions, "PAGE"),
        ("guarantees", guarantees, "PAGE"),
        ("figures", figures, "FOLDER"),
    ],
)
def test_the_commands_write_to_the_given_place(tmp_path, monkeypatch, command, module, name):
    place = tmp_path if name == "FOLDER" else tmp_path / getattr(module, name).name
    monkeypatch.setattr(module, name, place)
    if module is conventions:
        monkeypatch.setattr(module, "ADAPTERS", shutil.copy(conventions.ADAPTERS, tmp_path / "adapters.md"))
    if module is guarantees:
        monkeypatch.setattr(module, "SHORT", shutil.copy(guarantees.SHORT, tmp_path / "verdicts.md"))
    result = CliRunner().invoke(main, [command])
    assert result.exit_code == 0, result.output
    assert all(path.read_text() for path in tmp_path.iterdir()) and any(tmp_path.iterdir())

    monkeypatch.setattr(module, name, tmp_path / "nowhere" / place.name / "x")
    result = CliRunner().invoke(main, [command])
    assert result.exit_code == 2 and "there is no folder" in result.output


def test_the_tutorials_table_is_written_between_its_markers(tmp_path, monkeypatch):
    published = tutorial.PAGE.read_text()
    before, begin, rest = published.partition(tutorial.BEGIN)
    page = tmp_path / "tutorial.md"
    page.write_text(before + begin + "\n" + tutorial.END + rest.partition(tutorial.END)[2])
    monkeypatch.setattr(tutorial, "PAGE", page)
    assert CliRunner().invoke(main, ["tutorial"]).exit_code == 0
    assert page.read_text() == published


def test_a_package_that_is_not_installed_is_a_usage_error(monkeypatch):
    monkeypatch.delitem(sys.modules, "studies.pages.figures")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = CliRunner().invoke(main, ["figures"])
    assert result.exit_code == 2 and "matplotlib" in result.output and "--group test" in result.output
