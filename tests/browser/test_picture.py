"""The picture for documents, drawn by a real browser.

It has its own file, because the command starts Playwright itself, which cannot start while the other file's fixture
runs one.
"""

import pytest
from click.testing import CliRunner
from PIL import Image

from studies.__main__ import main
from studies.pages import picture

pytestmark = pytest.mark.browser


def test_the_picture_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(picture, "FILE", tmp_path / "report.png")
    result = CliRunner().invoke(main, ["picture"])
    assert result.exit_code == 0, result.output
    with Image.open(picture.FILE) as image:
        assert image.size == tuple(picture.SIZE.values())
        assert image.info["Description"] == f"drawn from {picture.template()}"
