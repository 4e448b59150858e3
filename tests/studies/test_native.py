"""The studies of the native kernel, small: a sanitizer, a wrong kernel, and patches that do not fit."""

import shutil

import pytest
from click.testing import CliRunner

from studies.__main__ import main
from studies.native.build import InvalidPatch, Patch, patched
from studies.native.mutants import MUTANTS, RIGHT, SMALL, UNSEEN, Judged
from studies.native.mutants import judged as mutants
from studies.native.sanitizers import SANITIZERS, Ran
from studies.native.sanitizers import judged as sanitized

needs_a_compiler = pytest.mark.skipif(not shutil.which("g++"), reason="there is no g++ here")
PATCHES = MUTANTS | {name: patch for each in SANITIZERS.values() for name, (patch, _) in each.faults.items()}


@pytest.mark.parametrize("name", PATCHES)
def test_every_fault_is_a_change_of_the_present_sources(tmp_path, name):
    made = patched(tmp_path / "sources", [*SMALL, PATCHES[name]])

    assert PATCHES[name].old not in (made / PATCHES[name].file).read_text()


@pytest.mark.parametrize("old", ["no such text", "template"])
def test_a_patch_that_fits_nowhere_or_twice_is_refused(tmp_path, old):
    with pytest.raises(InvalidPatch, match=f"packing.h has .* times '{old}', but must have it once"):
        patched(tmp_path / "sources", [Patch("packing.h", old, "")])


@pytest.mark.long
@needs_a_compiler
def test_a_planted_race_is_found_and_the_kernel_has_none(tmp_path):
    fault = "no thread waits for packed weights"
    found = list(sanitized(tmp_path, "thread", ("fma",), (10, 25), (fault,), "-O0"))

    assert [ran.fault for ran in found] == [fault, "none"]
    assert all(ran.right for ran in found), found


@needs_a_compiler
def test_a_wrong_kernel_is_caught_by_the_suite_and_by_its_own_tests(tmp_path):
    (found,) = mutants(tmp_path, ["the last unit of a narrow block is left out"], ("-O1",))

    assert found.right, found
    assert found.suite.startswith("step-after") and found.tests.startswith("test_"), found


def test_a_verdict_is_wrong_where_a_mistake_is_missed_or_the_right_kernel_fails():
    seen, unseen = next(name for name in MUTANTS if name not in UNSEEN), next(iter(UNSEEN))

    assert Judged(RIGHT, "nothing", "nothing").right and Judged(seen, "masks", "test").right
    assert Judged(unseen, "nothing", "test").right
    assert not Judged(RIGHT, "nothing", "test").right and not Judged(RIGHT, "masks", "nothing").right
    assert not Judged(seen, "nothing", "test").right and not Judged(seen, "masks", "nothing").right
    assert not Judged(unseen, "masks", "test").right


@pytest.mark.parametrize("command", ["sanitizers", "native-mutants"])
def test_an_unknown_name_is_refused(command):
    result = CliRunner().invoke(main, [command, "nothing"])

    assert result.exit_code == 2 and "is called 'nothing'; there are" in " ".join(result.output.split())


def test_a_sanitizer_that_misses_a_fault_fails_the_command(monkeypatch):
    runs = [Ran("thread", "fma", "a fault", "found nothing", False), Ran("thread", "fma", "none", "1 abc", True)]
    monkeypatch.setattr("studies.native.sanitizers.judged", lambda *asked: iter(runs))

    result = CliRunner().invoke(main, ["sanitizers", "thread", "--quick"])

    assert result.exit_code == 1 and "WRONG: thread, fma, a fault: found nothing" in result.output
    assert "none: 1 abc" not in result.output.partition("WRONG")[2]
