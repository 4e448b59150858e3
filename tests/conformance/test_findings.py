"""What docs/findings.md shows is still so: each of its Python blocks runs where its packages are installed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

PAGE = Path(__file__).parent.parent.parent / "docs/findings.md"
TOKENS = MarkdownIt().parse(PAGE.read_text())
BLOCKS = [token.content for token in TOKENS if token.type == "fence" and token.info == "python"]
COMMANDS = [line for token in TOKENS if token.type == "code_block" for line in token.content.splitlines()]


def _in_a_process(code: str) -> int:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode


@pytest.mark.parametrize("code", BLOCKS, ids=[re.findall(r"import (\w+)", code)[-1] for code in BLOCKS])
def test_a_finding_is_still_there(code):
    """In a process of its own where it chooses Keras' backend."""
    if "KERAS_BACKEND" in code:
        assert _in_a_process(code) == 0
    else:
        exec(code, {})


@pytest.mark.parametrize("code", [code for code in BLOCKS if "KERAS_BACKEND" in code])
def test_a_finding_that_is_gone_would_be_seen(code):
    assert _in_a_process(code.replace('"KERAS_BACKEND": "jax"', '"KERAS_BACKEND": "tensorflow"')) != 0


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_name_what_there_is(command):
    from conformance.adapters import REGISTERED
    from conformance.specification import CLAUSES

    words = command.split()
    assert words[:3] == ["python", "-m", "conformance"]
    clauses = [words[place + 1] for place, word in enumerate(words) if word == "--clause"]
    assert set(clauses) <= set(CLAUSES)
    assert set(words[4:]) - {"--clause", *clauses} <= set(REGISTERED)
