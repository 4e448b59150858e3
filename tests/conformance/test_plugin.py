"""pytest --gru, inside this process: the collected tests, their messages, and usage errors."""

import sys

import pytest

from conformance import mutants, plugin
from conformance.checks.judge import PROFILES
from conformance.checks.verdict import FAIL, Verdict
from conformance.cli import judge
from conformance.plugin import TESTS

FEW = "smoke or (step-after or masks) and float32"
QUICK = "smoke or (masked-outputs or units-permuted) and float32"


class Seen:
    """A plugin that stores the outcome and the reason of each test."""

    def __init__(self):
        self.of = {}

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.skipped:
            self.of[report.nodeid.rpartition("::")[2]] = report.outcome, report.longreprtext


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """pytest's exit code and the outcome of each test, in an empty folder."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(*options, tests=FEW):
        seen = Seen()
        return pytest.main([*options, "-q", "-k", tests, "-p", "no:cacheprovider"], plugins=[seen]), seen.of

    return run


def test_the_profiles_are_those_of_the_suite(pytestconfig):
    """The plugin repeats their names, because it imports the suite only if a GRU is named."""
    parser = pytest.Parser(_ispytest=True)
    plugin.pytest_addoption(parser)
    options = {option.dest: option.attrs() for option in parser.getgroup("gru-conformance").options}
    assert options["gru_profile"]["choices"] == tuple(PROFILES)


@pytest.mark.parametrize("where", [(), ("--pyargs", "conformance"), (str(TESTS),), ("-p", "conformance.plugin")])
def test_the_suite_is_collected_once_wherever_it_is_requested(judged, where):
    code, became = judged("--gru", "reference", *where, tests=QUICK)
    assert (code, [(name, outcome) for name, (outcome, _) in became.items()]) == (
        pytest.ExitCode.OK,
        [
            ("test_smoke[reference]", "passed"),
            ("test_clause[reference-masked-outputs-float32]", "passed"),
            ("test_clause[reference-units-permuted-float32]", "passed"),
        ],
    )


def test_a_wrong_clause_fails_with_its_reason_and_an_undeclared_one_is_skipped_with_it(judged, tmp_path):
    (tmp_path / "ours.py").write_text(
        "from dataclasses import replace\n"
        "from conformance.mutants import reset_ignored\n"
        "class Ours(reset_ignored):\n"
        "    capabilities = replace(reset_ignored.capabilities, masks=False, lengths=False)\n"
        "gru = Ours()\n"
    )
    code, became = judged("--gru", "ours:gru")
    assert code == pytest.ExitCode.TESTS_FAILED
    smoke, step, masks = became.values()
    assert (smoke[0], step[0], masks[0]) == ("passed", "failed", "skipped")
    assert "again: gru-conformance again ours:gru step-after" in step[1]
    assert "the candidate reads the whole state: the reset gate has no effect" in step[1]
    assert "assert" not in step[1]
    assert "declined: does not declare masks" in masks[1]


def test_after_some_time_further_failures_of_a_gru_are_not_diagnosed_and_say_so(monkeypatch):
    failing = Verdict(clause="step-after", dtype="float32", kind=FAIL, reason="wrong")
    assert "not diagnosed" not in "".join(judge._explained("ours", mutants.reset_ignored(), failing)[1])
    assert judge.SPENT["ours"] > 0
    monkeypatch.setitem(judge.SPENT, "ours", judge.SECONDS + 1)
    assert "not diagnosed, because" in judge._explained("ours", mutants.reset_ignored(), failing)[1][0]


OTHERS = """
import os
from dataclasses import replace
from conformance import Arithmetic, mutants
class Nothing(mutants.Emulated):
    capabilities = replace(mutants.Emulated.capabilities, arithmetic={})
class Half(mutants.Emulated):
    claim = Arithmetic(dtype="float16", activation="8 ULP", source="a test")
    capabilities = replace(mutants.Emulated.capabilities, arithmetic={"float16": claim})
class Crash(mutants.Emulated):
    def run(self, case):
        return os._exit(3) if case.mask is not None else super().run(case)
class Unwired(mutants.Emulated):
    def run(self, case):
        raise RuntimeError("no such device")
"""


def test_a_gru_that_cannot_be_judged_fails_its_smoke_test_and_a_crash_fails_one_test(judged, tmp_path):
    (tmp_path / "others.py").write_text(OTHERS)
    names = ("others:Crash", "others:Nothing", "others:Half", "others:Unwired")
    _, became = judged(*(word for name in names for word in ("--gru", name)))
    told = {name: [text for test, (_, text) in became.items() if f"[{name}" in test] for name in names}
    assert "none of float32, float64, float16, bfloat16 is declared" in told["others:Nothing"][0]
    assert became["test_smoke[others:Half]"][0] == "passed"
    assert "no such device" in told["others:Unwired"][0]
    crashed = {test: outcome for test, (outcome, _) in became.items() if "others:Crash" in test}
    assert list(crashed.values()) == ["passed", "passed", "failed"]
    assert "the process that judges ended with exit code 3" in told["others:Crash"][2]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--gru", "nothing"), pytest.ExitCode.USAGE_ERROR, "neither a registered name nor module:attribute"),
        ((str(TESTS),), pytest.ExitCode.INTERRUPTED, "say which GRU: --gru NAME"),
    ],
)
def test_without_a_usable_gru_it_gives_advice(judged, capsys, options, code, words):
    assert judged(*options) == (code, {})
    assert words in "".join(capsys.readouterr())
