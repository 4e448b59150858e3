"""The kill matrix' own parts: a cell, skipped judgements, conclusions from a record, and the command."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

from conformance.cli.report import caught
from conformance.interface.adapter import UsageError, ask
from conformance.interface.case import Case, Outputs
from conformance.mutants import gates_swapped as GatesSwapped
from conformance.mutants import gradients_off_by_a_factor
from conformance.mutants import inputs_overwritten as InputsOverwritten
from conformance.mutants import state_kept_between_calls as StateKept
from conformance.mutants.emulated import Emulated
from studies.__main__ import main
from studies.matrix import cells, code, columns, command, facts, figure, page, peers, record, summary
from studies.matrix.columns import Column
from studies.matrix.record import InvalidRecord, Record
from studies.matrix.same import Recorded


@pytest.fixture(scope="module")
def asked() -> Recorded:
    """The honest GRU after two plain vectors, each run twice."""
    recorded = Recorded()
    for name in ("step-after-few-bits", "initial-state-none-after"):
        case, _ = cells.stored()[name].vector.cast("float32")
        for _ in range(2):
            ask(recorded, case)
    return recorded


@pytest.fixture
def all_killed() -> Record:
    """A record in which every check and every vector kills every mutant, and nothing else."""
    names = {group: [gru.name for gru in grus] for group, grus in record.GROUPS.items()}
    letters = {name: "F" if name in names["mutants"] else "." for group in names.values() for name in group}
    now = record.present()
    return record.made(Column(column, letters) for column in (*now["checks"], *now["vectors"]))


def without(found: Record, name: str, part: str, group: str = "mutants", letter: str = ".") -> Record:
    """The record with other letters in one row."""
    of_group = dict(getattr(found, group))
    of_group[name] = {**of_group[name], part: letter * len(getattr(found, part))}
    return replace(found, **{group: of_group})


# Skipped judgements.


def test_the_same_bits_are_the_same_verdict(asked):
    assert asked.questions
    assert asked.same(Emulated())


class AnswersLater(Emulated):
    """A subject whose second call changes its first answer."""

    def __init__(self):
        self.given = None

    def run(self, case: Case) -> Outputs:
        answer = super().run(case)
        if self.given is not None:
            self.given.outputs[...] = 0
        self.given = answer
        return answer


class Raises(Emulated):
    """A subject without an answer."""

    def run(self, case: Case) -> Outputs:
        raise RuntimeError("not today")


class WritesToInputs(Emulated):
    """A subject with honest numbers that writes to its inputs."""

    def run(self, case: Case) -> Outputs:
        answer = super().run(case)
        case.inputs[...] = 0
        return answer


class AnotherKind(Emulated):
    """A subject with the same numbers in another format."""

    def run(self, case: Case) -> Outputs:
        return Outputs(*(part.astype(np.float64) for part in super().run(case)))


class DeclaresLess(Emulated):
    """A subject with the same bits and fewer capabilities, which would get other questions."""

    capabilities = replace(Emulated.capabilities, reverse=False)


@pytest.mark.parametrize(
    "wrong",
    [GatesSwapped, InputsOverwritten, StateKept, AnswersLater, Raises, WritesToInputs, AnotherKind, DeclaresLess],
)
def test_whatever_differs_is_judged(asked, wrong):
    assert not asked.same(wrong())


def test_gradients_are_compared_too():
    case, cotangents = cells.stored()["gradients-one-step"].vector.cast("float32")
    recorded = Recorded()
    recorded.gradients(case, cotangents)
    assert recorded.same(Emulated())
    assert not recorded.same(gradients_off_by_a_factor())


# A cell.


def test_a_cell_says_how_it_ended():
    assert cells.cell(GatesSwapped, "time-zero") == "."
    assert cells.cell(GatesSwapped, "masks") == "F"
    assert cells.cell(Raises, "time-zero") == "E"
    assert cells.cell(GatesSwapped, "step-after-few-bits") == "F"


def test_without_an_honest_one_that_passes_there_is_no_cell(monkeypatch):
    class Broken(Recorded):
        def run(self, case):
            return GatesSwapped().run(case)

    monkeypatch.setattr(cells, "Recorded", Broken)
    with pytest.raises(cells.Dishonest, match=r"does not pass clause final-state.*look at the check first"):
        cells._honest_check.__wrapped__("final-state", "float32")


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path, monkeypatch):
    """A column of the journal is used if the code and the mutants are the same; the others are judged."""
    journal = tmp_path / "journal.jsonl"
    monkeypatch.setattr(columns, "fingerprint", lambda: "of this code")
    kept = {"code": "of this code", "name": "masks", "letters": {"gates_swapped": "S"}}
    other = {**kept, "code": "of other code", "name": "time-zero", "letters": {"gates_swapped": "F"}}
    journal.write_text(f"{json.dumps(kept)}\n{json.dumps(other)}\n" + '{"code": "cut o')
    journal.write_text(journal.read_text() + "\n")
    found = list(columns.columns(["masks", "time-zero"], ["gates_swapped"], 1, journal))
    assert found == [Column("masks", {"gates_swapped": "S"}), Column("time-zero", {"gates_swapped": "."})]
    again = list(columns.columns(["masks", "time-zero"], ["gates_swapped"], 1, journal))
    assert again == found


# Conclusions from a record.


def test_a_record_in_which_all_is_killed_is_sound(all_killed):
    assert list(facts.broken(all_killed)) == record.stale(all_killed) == []


@pytest.mark.parametrize(("part", "by"), [("checks", "check"), ("vectors", "golden vector")])
def test_a_mutant_that_survives_is_named(all_killed, part, by):
    (line,) = facts.broken(without(all_killed, "gates_swapped", part))
    assert line.startswith(f"gates_swapped is killed by no {by}")


def test_a_check_that_kills_nothing_is_named(all_killed):
    at = all_killed.checks.index("masks")
    spared = {
        name: {**row, "checks": row["checks"][:at] + "." + row["checks"][at + 1 :]}
        for name, row in all_killed.mutants.items()
    }
    (line,) = facts.broken(replace(all_killed, mutants=spared))
    assert line.startswith("the check of masks kills no mutant")


def test_a_mutant_for_the_probe_alone_is_named_if_a_clause_kills_it(all_killed):
    (line,) = facts.broken(without(all_killed, "sigmoid_from_tanh", "checks", "probed", "F"))
    assert line.startswith("sigmoid_from_tanh is held not to be told by clauses, but closed-forms kills it")


def test_mutants_that_one_check_kills_alone_are_found(all_killed):
    row = all_killed.mutants["gates_swapped"]
    at = all_killed.checks.index("masks")
    alone = {**row, "checks": "." * at + "F" + "." * (len(row["checks"]) - at - 1)}
    found = replace(all_killed, mutants={**all_killed.mutants, "gates_swapped": alone})
    assert [clause for clause, names in facts.only_by(found).items() if names] == ["masks"]
    assert "masks" not in facts.covered(found)
    assert facts.covered(found)["reverse"] == [clause for clause in found.checks if clause != "reverse"]


def test_vectors_that_kill_nothing_are_listed(all_killed):
    spared = {name: {**row, "vectors": "-" + row["vectors"][1:]} for name, row in all_killed.mutants.items()}
    assert facts.silent_vectors(replace(all_killed, mutants=spared)) == [next(iter(all_killed.vectors))]


def test_a_record_of_other_mutants_checks_or_vectors_is_stale(all_killed):
    fewer = {name: row for name, row in all_killed.mutants.items() if name != "gates_swapped"}
    first = next(iter(all_killed.vectors))
    changed = {**all_killed.vectors, first: "0" * 64}
    lines = record.stale(replace(all_killed, mutants=fewer, vectors=changed, checks=[*all_killed.checks, "luck"]))
    assert [line.partition(";")[0] for line in lines] == [
        "luck (checks) is only in the record",
        f"{first} (vectors) is another in the record",
        "gates_swapped (mutants) is not in the record",
    ]
    assert all(record.AGAIN in line for line in lines)


def test_cells_that_other_versions_made_are_not_taken(monkeypatch):
    before = columns.fingerprint()
    monkeypatch.setattr(columns.metadata, "version", lambda name: f"another {name}")
    assert columns.fingerprint() != before


def test_a_record_of_other_columns_order_is_stale(all_killed):
    (line,) = record.stale(replace(all_killed, checks=all_killed.checks[::-1]))
    assert line == f"checks are in another order in the record; make it again: {record.AGAIN}"


# The files.


def test_a_record_is_read_as_it_was_written(all_killed, tmp_path):
    record.write(tmp_path / "matrix.json", all_killed)
    assert record.read(tmp_path / "matrix.json") == all_killed


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "no JSON"), ("{}", "is a required property"), (None, "No such file")],
)
def test_a_file_that_is_no_record_is_refused(tmp_path, text, why):
    path = tmp_path / "matrix.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InvalidRecord, match=why) as error:
        record.read(path)
    assert record.AGAIN in str(error.value)


def test_a_row_without_a_letter_for_each_column_is_refused(all_killed, tmp_path):
    short = replace(all_killed, checks=all_killed.checks[1:])
    with pytest.raises(InvalidRecord, match="got 32 letters, expected one for each of 31"):
        record.write(tmp_path / "matrix.json", short)


def test_other_suites_stand_beside_ours(all_killed, tmp_path):
    path = tmp_path / "peers.json"
    path.write_text(
        '{"Blind suite": {"version": "9.9", "mutants": {"gates_swapped": false, "rough_tanh": true, '
        '"bias_ignored": false}, "not_expressible": ["bias_ignored"]}}'
    )
    found = peers.read(path)
    assert "| Blind suite (9.9) | 1 | 2 |" in page.block(all_killed, found)
    lines = page.page(all_killed, found).splitlines()
    assert [
        line.split("|")[-2].strip() for line in lines if line.startswith(("| `gates_swapped`", "| `rough_tanh`"))
    ] == [
        "survives",
        "killed",
    ]


def test_other_suites_need_not_be_recorded(tmp_path):
    assert peers.read(tmp_path / "peers.json") == []


@pytest.mark.parametrize("text", ["[]", "{", '{"a": {"version": "1"}}', '{"a": {"version": "1", "mutants": {"m": 2}}}'])
def test_a_file_that_is_no_record_of_suites_is_refused(tmp_path, text):
    path = tmp_path / "peers.json"
    path.write_text(text)
    with pytest.raises(InvalidRecord, match=r"expected \{suite"):
        peers.read(path)


@pytest.mark.parametrize("text", ["", page.BEGIN, f"{page.END} {page.BEGIN}", f"{page.BEGIN}{page.END}" * 2])
def test_a_readme_without_the_two_markers_is_refused(text):
    with pytest.raises(InvalidRecord, match="once each"):
        page.with_block(text, "summary")


def test_the_figure_names_every_mutant_and_is_the_same_again(all_killed, tmp_path):
    few = replace(all_killed, mutants={name: all_killed.mutants[name] for name in ("gates_swapped", "rough_tanh")})
    for name in ("one.svg", "two.svg"):
        figure.draw(tmp_path / name, few, [peers.Peer("Blind suite", "1", frozenset(), frozenset())])
    text = (tmp_path / "one.svg").read_text()
    assert all(f">{name}<" in text for name in (*few.mutants, *few.checks, "Blind suite"))
    assert text == (tmp_path / "two.svg").read_text()


def test_a_figure_of_other_cells_or_suites_says_so(all_killed):
    suites = [[peers.Peer("Some suite", "1", frozenset(some), frozenset())] for some in ((), ("gates_swapped",))]
    few = replace(all_killed, mutants={"gates_swapped": all_killed.mutants["gates_swapped"]})
    assert (
        len({figure.description(*of) for of in ((all_killed, suites[0]), (all_killed, suites[1]), (few, suites[0]))})
        == 3
    )


def test_without_matplotlib_the_figure_names_the_package_to_install(all_killed, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"pip install 'tf-gru\[plots\]'"):
        figure.draw(tmp_path / "none.svg", all_killed, [])


# The command.


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """An empty clone's root."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs/records").mkdir(parents=True)
    (tmp_path / summary.IN_A_CLONE).parent.mkdir(parents=True)
    (tmp_path / "README.md").write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    return tmp_path


def run(*arguments: str):
    return CliRunner().invoke(main, ["matrix", *arguments])


def test_the_command_prints_and_writes(clone, all_killed):
    record.write(clone / "given.json", all_killed)
    shipped = caught.read()
    result = run("--from", "given.json", "--write", "--whole", "--json", "copy.json")
    assert result.exit_code == 0, result.output
    assert record.read(clone / record.RECORD) == record.read(clone / "copy.json") == all_killed
    assert (clone / command.PAGE).read_text() == page.page(all_killed, [])
    assert (clone / command.FIGURE).exists()
    assert json.loads((clone / summary.IN_A_CLONE).read_text()) == summary.summary(all_killed)
    assert caught.read() == shipped
    readme = (clone / "README.md").read_text()
    assert readme == f"before\n{page.BEGIN}\n{page.block(all_killed, [])}\n{page.END}\nafter\n"
    assert "gates_swapped" in result.output


def test_the_command_fails_and_says_which_survives(clone, all_killed):
    record.write(clone / "given.json", without(all_killed, "gates_swapped", "vectors"))
    result = run("--from", "given.json")
    assert result.exit_code == 1
    assert "WRONG: gates_swapped is killed by no golden vector" in result.output


def test_the_command_judges_where_nothing_is_given(clone, monkeypatch):
    """It judges with one check and two mutants."""
    small = {"mutants": [GatesSwapped()], "probed": [], "equivalent": []}
    monkeypatch.setattr(record, "GROUPS", small)
    monkeypatch.setattr(record, "CLAUSES", ["final-state"])
    monkeypatch.setattr(command, "CLAUSES", ["final-state"])
    monkeypatch.setattr(record, "stored", lambda: {})
    result = run("--jobs", "1", "--json", "found.json")
    assert result.exit_code == 1  # without vectors none is killed by one
    assert record.read(clone / "found.json").mutants == {"gates_swapped": {"checks": "F", "vectors": ""}}


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_shows_a_bar_and_other_output_has_a_line_for_each_column(clone, monkeypatch, terminal):
    now = record.present()
    names = [*now["checks"], *now["vectors"]]
    letters = {gru: "F" for group in record.GROUPS for gru in now[group]}
    monkeypatch.setattr(columns, "columns", lambda names, *_: (Column(name, letters) for name in names))
    monkeypatch.setattr(Console, "is_terminal", terminal)
    told = run().stderr
    count = len(names)
    assert ("checks and vectors" in told and f"{count}/{count}" in told) == terminal
    assert (f"{count} of {count}: {names[-1]}" in told) != terminal


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--from", "nothing.json"), "No such file"),
        (("--json", "nowhere/found.json"), "there is no folder nowhere"),
        (("--write",), "go to a clone's root"),
        (("--json", "one.json", "--journal", "one.json"), "one.json is given for two outputs"),
    ],
)
def test_impossible_requests_are_refused(tmp_path, monkeypatch, arguments, why):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert why in result.output


def test_a_record_that_cannot_be_written_is_reported_in_a_line(clone, all_killed):
    record.write(clone / "given.json", all_killed)
    result = run("--from", "given.json", "--json", "x" * 300)
    assert result.exit_code == 2
    assert "cannot be written: File name too long" in result.output


def test_a_record_of_other_code_is_stale(all_killed):
    assert record.stale(replace(all_killed, code="0" * 64)) == [
        f"the record was made by other code than the present checks, bounds and mutants; again: {record.AGAIN}"
    ]


def test_the_code_of_a_cell_is_all_that_judges_and_only_its_statements():
    names = set(code.modules())
    assert names >= {
        f"conformance.{name}" for name in ("checks.clauses.state", "checks.steps", "bounds.blends", "mutants.gates")
    }
    assert names >= {"reference.cell", "conformance.vectors.replay", "conformance.bounds.proven"}
    assert not any(name.startswith(("tf_gru", "conformance.cli", code.TEXT)) for name in names)
    told = '"""What."""\ndef f(x):\n    """Says."""\n    return x  # so\n'
    assert code.statements(told) == code.statements("def f(x): return x")
    assert code.statements(told) != code.statements("def f(x): return -x")


def test_every_python_describes_code_alike():
    """The output of ast.dump for empty fields, and for type parameters, differs from version to version."""
    assert code.statements("def f(): return None") == (
        "Module(body=[FunctionDef(name='f', args=arguments(), body=[Return(value=Constant())])])"
    )


def test_a_stale_record_is_refused(clone, all_killed):
    fewer = {name: row for name, row in all_killed.mutants.items() if name != "gates_swapped"}
    record.write(clone / "given.json", replace(all_killed, mutants=fewer))
    result = run("--from", "given.json")
    assert result.exit_code == 2
    assert "gates_swapped (mutants) is not in the record" in result.output
