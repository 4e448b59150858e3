"""Whatever text a subject returns, reports can be written and shown, and none of it is interpreted."""

import json
import xml.etree.ElementTree as ElementTree
from typing import ClassVar

import pytest
from click.testing import CliRunner

from conformance.__main__ import main
from conformance.adapters import worker
from conformance.checks.judge import describe
from conformance.interface.printable import printable
from conformance.mutants.emulated import Emulated

HOSTILE = """
from conformance import Adapter, Arithmetic, Capabilities
from conformance.adapters import load

SAID = "</td><script>alert(1)</script> \\x1b[2J\\x00\\x07 \\udc80 ]]> " + "x" * 100000


def raising(case):
    raise RuntimeError(SAID)


def late(case):
    from reference import gru
    if case.single.kernel.all():  # no closed form has such weights
        raise RuntimeError(SAID)
    return gru(case.inputs, case.single, initial_state=case.starts[0])


def printing(case):
    import os
    os.write(2, b"\\x1b[2J\\x00 bye")
    os._exit(3)


claim = {"float64": Arithmetic(dtype="float64", activation="8 ULP", summation="any order", source="\\x1b[2J")}
can = Capabilities(arithmetic=claim, resets=("after",), because={"float32": "\\x1b[2J no \\x00"})
raises, fails_late, ends = (Adapter(run, can) for run in (raising, late, printing))


class Named(Adapter):
    versions = {"\\x1b[2J": SAID + "[/]"}
    kernels = ("\\x1b[2J" + SAID + "[/]",)


named = Named(lambda case: load("reference").run(case), can)
"""


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    (tmp_path / "hostile.py").write_text(HOSTILE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def controls(text):
    return {c for c in text if not c.isprintable() and c not in "\n\t"}


def said_in(file):
    """All text in a JSON file, which escapes every control character itself."""

    def strings(value):
        if isinstance(value, dict):
            return strings([*value, *value.values()])
        return "".join(map(strings, value)) if isinstance(value, list) else value if isinstance(value, str) else ""

    return strings(json.loads(file.read_text()))


@pytest.mark.parametrize(("name", "code"), [("raises", 2), ("fails_late", 1), ("ends", 2), ("named", 0)])
def test_every_report_is_written_and_holds_no_command(hostile, name, code):
    files = {kind: hostile / f"report.{kind}" for kind in ("html", "markdown", "badge", "json", "junit")}
    options = [f"--{kind}={path}" for kind, path in files.items()]

    result = CliRunner().invoke(main, ["run", f"hostile:{name}", "--clause", "step-after", *options])

    assert result.exit_code == code and isinstance(result.exception, SystemExit | None), result.output
    texts = {kind: path.read_text() for kind, path in files.items()} | {"terminal": result.output}
    texts["json"] = said_in(files["json"])
    assert not {kind: found for kind, text in texts.items() if (found := controls(text))}
    assert "<script>alert" not in texts["html"] + texts["badge"]  # in Markdown it is inside a fence
    assert "x1b[2J" in texts["terminal"]
    for kind in ("junit", "badge"):
        ElementTree.fromstring(texts[kind])


@pytest.mark.parametrize("name", ["raises", "fails_late"])
def test_replayed_vectors_hold_no_command(hostile, name):
    vectors = ("--vector", "closed-forms-kept-after", "--vector", "step-after-few-bits")
    options = ("--json", str(hostile / "replay.json"))
    result = CliRunner().invoke(main, ["vectors", "replay", f"hostile:{name}", *vectors, *options])

    assert isinstance(result.exception, SystemExit) and result.exit_code in (1, 2), result.output
    assert not controls(result.output)
    assert not controls(said_in(hostile / "replay.json"))


@pytest.mark.parametrize("command", ["diagnose", "identify", "probe"])
def test_no_other_command_prints_one(hostile, command):
    result = CliRunner().invoke(main, [command, "hostile:raises"])

    assert isinstance(result.exception, SystemExit), result.output
    assert "alert" in result.output and not controls(result.output)


class Careless(Emulated):
    """A subject whose description is not text."""

    versions: ClassVar = {"library": (1, 2), 3: None}
    kernels = (16, "by hand")


def test_a_subjects_description_of_itself_is_text_whatever_it_was():
    report = describe("careless", Careless())
    assert {"library": "(1, 2)", "3": "None"}.items() <= report.versions.items()
    assert report.kernels == ["16", "by hand"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("vectors", "replay", "hostile:named", "--vector", "step-after-far"), 0),
        (("probe", "hostile:named", "--dtype", "float32"), 2),
    ],
)
def test_a_subjects_description_of_itself_is_shown_and_not_obeyed_by_other_commands_too(hostile, command, code):
    """Neither a terminal nor the printing library interprets it."""
    result = CliRunner().invoke(main, [*command, "--json", str(hostile / "it.json")])

    assert result.exit_code == code, result.output
    assert "x1b[2J" in result.output and "[/]" in result.output
    assert not controls(result.output + said_in(hostile / "it.json"))


def test_printable_characters_are_kept():
    assert printable("naïve – 漢字\n\x1b[1m\t\x00") == "naïve – 漢字\n\\x1b[1m\\t\\x00"


def test_a_control_character_let_through_would_break_the_junit_report(hostile, monkeypatch):
    monkeypatch.setattr(worker, "printable", lambda text: text)
    options = ["--clause", "step-after", "--junit", str(hostile / "junit.xml")]
    result = CliRunner().invoke(main, ["run", "hostile:ends", *options])
    assert not isinstance(result.exception, SystemExit)


def test_identify_too_spells_out_the_last_words_of_a_process(hostile):
    result = CliRunner().invoke(main, ["identify", "hostile:ends"])
    assert r"\x1b[2J\x00 bye" in result.output
    assert not controls(result.output)
