"""Commands that judge and write pages: their refusals, their records, and pages written from a record alone."""

import json
from math import inf

import pytest
from click.testing import CliRunner

from conformance import suite as isolation
from conformance.checks.verdict import FAIL, PASS, USUAL, Subject, Verdict
from conformance.mutants.gates import gates_swapped
from conformance.specification import CLAUSES
from studies.__main__ import main
from studies.long_runs import confusion
from studies.pages import paths, scoreboard
from studies.peers import record as peers

PAGES = {"paths": paths, "scoreboard": scoreboard, "peers": peers}
FIGURES = {"scoreboard": {"scoreboard.svg"}}


def run(*arguments: str):
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("paths", "no path is called 'nothing'; there are tf_gru:eager,"),
        ("scoreboard", "no subject is called 'nothing'; there are reference,"),
        ("identified", "no adapter is called 'nothing'; there are reference,"),
        ("peers", "no suite begins with 'nothing'; there are ONNX"),
        ("held-out", "no name begins with 'nothing'; there are first."),
        ("confusion", "unexpected extra argument (nothing)"),
    ],
)
def test_an_unknown_name_is_refused(command, message):
    result = run(command, "nothing")
    assert result.exit_code == 2 and message in " ".join(result.output.split()), result.output


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """Write pages and records into this folder."""
    for module in PAGES.values():
        monkeypatch.setattr(module, "PAGE", tmp_path / module.PAGE.name)
    return tmp_path


@pytest.mark.parametrize("command", PAGES)
def test_a_page_alone_is_written_from_the_record_as_it_is(pages, command):
    module = PAGES[command]
    before = module.RECORD.read_bytes()

    result = run(command, "--page-only")

    assert result.exit_code == 0, result.output
    assert {path.name for path in pages.iterdir()} == {module.PAGE.name} | FIGURES.get(command, set())
    assert module.PAGE.read_text() == module.page(module.load())
    assert module.RECORD.read_bytes() == before


def test_the_record_of_other_suites_is_found_from_any_folder(pages, monkeypatch):
    monkeypatch.chdir(pages)
    assert run("peers", "--page-only").exit_code == 0
    assert (pages / peers.PAGE.name).read_text()


@pytest.mark.parametrize("command", ["paths", "scoreboard"])
def test_a_judged_subject_is_kept_beside_the_others_without_the_margin_of_a_failure(pages, monkeypatch, command):
    """The margin of a failure may be infinite, and JSON has no such number."""
    module, name, other = PAGES[command], "tf_gru:graph", "tf_gru:eager"
    passes = [Verdict(clause=clause, dtype=dtype, kind=PASS, margin=0.5) for clause in CLAUSES for dtype in USUAL]
    failing = Verdict(clause="step-after", dtype="float32", kind=FAIL, margin=inf, reason="far off")
    subject = Subject(name=name, verdicts=[failing, *passes])
    monkeypatch.setattr(module, "RECORD", pages / "record.json")
    monkeypatch.setattr(isolation, "judge_apart", lambda *asked, **options: [subject])
    monkeypatch.setattr(scoreboard, "judged", lambda name: subject)
    before = paths.recorded([Subject(name=other, verdicts=passes)], "2000-01-01")
    module.RECORD.write_text(json.dumps(before))

    result = run(command, name)

    assert result.exit_code == 1 and f"WRONG: {name}: step-after float32: fail: far off" in result.output
    kept = json.loads(module.RECORD.read_text(), parse_constant=lambda number: pytest.fail(f"{number} is no JSON"))
    assert set(kept) == {other, name} and kept[other] == before[other]
    assert [verdict["margin"] for verdict in kept[name]["verdicts"]] == [None, *[0.5] * len(passes)]
    assert name in module.PAGE.read_text()


@pytest.mark.parametrize(("kind", "code"), [(confusion.RIGHT, 0), (confusion.WRONG, 1)])
def test_confusion_fails_where_a_mistake_is_not_explained(monkeypatch, kind, code):
    row = confusion.Row(("gates_swapped",), [frozenset({"gates_swapped"})], kind)
    monkeypatch.setattr(confusion, "drawn", lambda count: {f"{count} drawn": (1, [(gates_swapped,)])})
    monkeypatch.setattr(confusion, "rows", lambda asked, processes: iter([row]))

    result = run("confusion", "--pairs", "7")

    assert result.exit_code == code, result.output
    assert "7 drawn, 1 of 1: 1" in result.output and "gates_swapped" in result.output
    assert ("WRONG: gates_swapped: wrong" in result.output) == bool(code)
