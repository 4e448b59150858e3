"""The examples of the API reference run in order, and every public name has one."""

import re
from importlib import import_module

import pytest

from tests.documents import ROOT, blocks

PAGES = {
    "reference": "docs/api/reference.md",
    "reference.layouts": "docs/api/layouts.md",
    "tf_gru": "docs/api/tf_gru.md",
    "conformance": "docs/api/conformance.md",
}


@pytest.mark.parametrize("module", PAGES)
def test_the_examples_run(module):
    known: dict = {}
    for block in blocks(PAGES[module], "python"):
        exec(compile(block, PAGES[module], "exec"), known)


def shown(module: str) -> str:
    """The text of a module's page; the converters are on the page of layouts."""
    pages = [PAGES[module], *([PAGES["reference.layouts"]] if module == "reference" else [])]
    return "\n".join((ROOT / page).read_text() for page in pages)


@pytest.mark.parametrize("module", PAGES)
def test_every_public_name_has_its_signature_and_an_example(module):
    text = shown(module)
    examples = "\n".join(re.findall(r"^```python$(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    names = [name for name in import_module(module).__all__ if name != "layouts"]
    assert names
    assert [name for name in names if not re.search(rf"^::: [\w.]+\.{name}$", text, re.MULTILINE)] == []
    assert [name for name in names if not re.search(rf"\b{name}\b", examples)] == []
