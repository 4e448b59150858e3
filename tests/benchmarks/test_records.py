"""Records, and the pages written from them. The published pages agree with the published record."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as command
from benchmarks import aims, page, plot
from benchmarks import measure as measuring
from benchmarks.record import ROOT, Journal, RecordError, checked, entry_of, head, load, row_of, save, text
from benchmarks.rows import FMA, SECTIONS, SUBJECTS, Row, refusal, rows
from benchmarks.schedule import Effort
from benchmarks.tables import share, slower, with_rows

EFFORT = Effort(3, 0.01)
RATIOS = {"keras:graph": 3.0, "keras:xla": 1.5, "torch": 2.0, "jax": 0.5}
"""Peers' times over ours; all others take as long as ours."""


def measured(row: Row) -> dict:
    """A row with invented times: ours takes 1, 2 and 4 ms, a peer RATIOS times as long; jax is missing in rows with
    masks.
    """
    subjects = {}
    for name in SUBJECTS[row.section]:
        why = refusal(name, row) or ("jax is not installed: ..." if name == "jax" and row.masked else None)
        if why:
            subjects[name] = {"refused": why}
        elif row.section == "memory":
            subjects[name] = {"before": 2**28, "peak": 2**29}
        else:
            seconds = [RATIOS.get(name, 1.0) * second / 1000 for second in (1, 2, 4)]
            subjects[name] = {"first": 0.5, "threads": 2, "seconds": seconds}
            if not name.startswith(("products:", "call", "fma")):
                subjects[name] |= {"margin": 0.25, "distance": 0.125}
    return {"error": None, "subjects": subjects, "load": 0.5}


@pytest.fixture(scope="module")
def record() -> dict:
    return head(EFFORT) | {"rows": [entry_of(row, measured(row)) for row in rows()]}


def test_a_record_fits_the_schema_and_is_the_same_after_it_was_written(tmp_path, record):
    file = tmp_path / "record.json"

    save(record, file)

    assert load(file) == record == json.loads(text(record))
    assert [row_of(entry) for entry in record["rows"]] == rows()
    assert load(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.pop("machine"),
        lambda record: record["rows"][0].pop("error"),
        lambda record: record["rows"][0].update(step="backward"),
        lambda record: record["rows"][0]["subjects"]["torch"].update(seconds=[]),
        lambda record: record["rows"][0]["subjects"]["torch"].update(margin=1.5),
        lambda record: record["rows"][0]["subjects"].update(torch={}),
    ],
)
def test_a_file_that_is_no_record_is_refused(record, change):
    changed = json.loads(text(record))
    change(changed)

    with pytest.raises(RecordError, match="not a record"):
        checked(changed)


def test_a_record_that_lacks_a_row_or_has_an_error_is_not_published(tmp_path, record):
    with pytest.raises(RecordError, match="does not have every row"):
        save(record | {"rows": record["rows"][1:]}, tmp_path / "record.json")
    wrong = record["rows"][0] | {"error": "torch: a step is 3 times its bound off"}
    with pytest.raises(RecordError, match="3 times its bound"):
        save(record | {"rows": [wrong, *record["rows"][1:]]}, tmp_path / "record.json")
    assert not list(tmp_path.iterdir())


def test_every_section_has_rows_and_every_row_a_name_of_its_own():
    every = rows()

    assert {row.section for row in every} == set(SECTIONS)
    assert len({row.name for row in every}) == len(every)
    assert set(rows(quick=True)) < set(every)


def test_a_journal_keeps_rows_and_those_of_another_machine_do_not_count(tmp_path):
    file = tmp_path / "new" / "journal.jsonl"
    first, second = rows()[:2]
    kept = Journal(file, EFFORT)
    kept.keep(first, entry_of(first, measured(first)))
    with file.open("a") as journal:
        journal.write('{"head": {"cut off')
    kept.keep(second, entry_of(second, measured(second)))

    again = Journal(file, EFFORT)

    assert again.get(first) == entry_of(first, measured(first))
    assert again.get(second) is not None
    assert again.get(rows()[2]) is None
    assert Journal(file, EFFORT._replace(rounds=5)).get(first) is None
    file.write_text(json.dumps({"head": kept.head | {"sources": "0" * 64}, "row": kept.get(first)}))
    assert Journal(file, EFFORT).get(first) is None


def test_a_record_has_the_day_of_its_first_row(tmp_path):
    file, row = tmp_path / "journal.jsonl", rows()[0]
    kept = Journal(file, EFFORT)
    kept.head = kept.head | {"date": "2000-01-01"}
    kept.keep(row, entry_of(row, measured(row)))

    assert Journal(file, EFFORT).head["date"] == "2000-01-01"


BROKEN = {"{": "is not JSON", "[]": "is not a record", "{}": "is not a record"}
"""The contents of a file that was cut off or belongs to another program, and the message about each."""


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_is_named_with_advice(tmp_path, content):
    (tmp_path / "record.json").write_text(content)

    with pytest.raises(RecordError, match=rf"record.json {BROKEN[content]}: .*; delete it and measure again"):
        load(tmp_path / "record.json")


def cells(record: dict, title: str) -> dict[str, list[str]]:
    (table,) = (table for table in with_rows(record) if table.title.startswith(title))
    return {line[0]: line[1:] for line in table.rows}


def test_tables_show_medians_of_ratios_and_never_leave_a_peer_out(record):
    means = cells(record, "Peers' times over those of tf_gru:graph")
    masked = cells(record, "Forward: rows of half the time")

    assert means["keras:graph"][:2] == ["3.00", "3.00"]
    assert means["onnxruntime"][3:] == ["", "", ""]
    assert means["jax"][2].startswith("0.50 (1 × 128 × 64 × 64")
    assert masked["64 × 50 × 256 × 512, after"][0] == "2 (1.5–3)"
    assert masked["64 × 50 × 256 × 512, after"][-2:] == ["not installed", "1 (1–1)"]


def test_operations_a_second_and_their_share_of_the_peak_are_those_of_the_row(record):
    (entry,) = (e for e in record["rows"] if row_of(e) == Row("plain", "training", "after", (128, 28, 28, 50)))
    operations = 3 * 128 * 28 * 2 * (28 + 50) * 3 * 50
    peak = 2 * FMA / 0.002  # of two threads, in the middle round

    found = share(entry, "kernel")

    assert found is not None
    assert f"{found.median:.6f}" == f"{operations / 0.002 / peak:.6f}"
    line = cells(record, "Training: the kernel alone")["128 × 28 × 28 × 50, after"]
    assert line[1:3] == [f"{operations / 0.002 / 1e9:.3g}", f"{operations / 0.002 / peak:.2f}"]
    assert line[5] == f"{2 * operations / 0.002 / peak:.2f}"  # one thread's, of one core's
    half = Row("masked", "forward", "after", (3, 9, 1, 1))
    assert half.lengths == [3, 5, 7]
    assert half.operations == 15 * 2 * 2 * 3


def test_each_aim_is_met_or_missed_by_what_the_record_holds(record):
    found = {aim.words: aim for aim in aims.aims(record)}

    assert found["keras:graph, forward: each row"].met
    assert not found["keras:xla, forward: mean"].met
    assert f"{found['keras:xla, forward: mean'].found:.6f}" == "1.500000"
    assert found["batch 1: onnxruntime and an empty call together over ours, each row"].found == 2
    half = found["rows of half the time over full ones, forward and training: each row"]
    assert (half.found, half.met) == (1, False)
    assert found["memory of a training step over that of keras:graph: each row"].found == 1
    assert all(aim.found is None and not aim.met for aim in aims.aims(record | {"rows": []}))
    assert "1.500 (missed)" in aims.table(record).markdown()


def test_memory_is_shown_in_mebibytes(record):
    assert cells(record, "Memory")["64 × 50 × 256 × 512"][0] == "256 (512)"


def test_a_peer_that_is_there_without_ours_has_nothing_to_be_compared_with():
    row = Row("plain", "forward", "after", (1, 2, 3, 4))
    subjects = {
        name: {"refused": "keras is not installed: ..."} if name.startswith("tf_gru:") else found
        for name, found in measured(row)["subjects"].items()
    }
    alone = head(EFFORT) | {"rows": [entry_of(row, {"error": None, "subjects": subjects, "load": 0.5})]}

    line = cells(alone, "Forward: every row")["1 × 2 × 3 × 4, after"]

    told = dict(zip(("ours", "speed", "share", *SUBJECTS["plain"][1:-4], "call"), line, strict=True))
    assert told["ours"] == told["tf_gru:xla"] == "not installed"
    assert told["torch"] == told["products:numpy"] == "nothing to compare with"


def test_the_page_states_where_ours_is_slower(record):
    assert {subject for _, subject, _ in slower(record)} == {"jax"}
    assert "plain forward after 1x128x64x64, tf_gru:graph: jax 0.50 (0.50–0.50)" in page.page(record)
    assert "No run is on record" in page.page(None)


def test_the_block_of_the_readme_is_written_between_its_markers(record):
    readme = f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n"

    written = page.with_block(readme, record)

    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert "old" not in written
    assert "keras:graph 3.0 / 3.0" in written
    assert "onnxruntime 1.0" in written
    with pytest.raises(ValueError, match="no place to write to"):
        page.with_block("nothing", record)


def test_the_figure_names_the_record_it_was_drawn_from(tmp_path, record):
    plot.draw(record, tmp_path / "figure.svg")

    drawn = (tmp_path / "figure.svg").read_text()
    assert plot.digest(record) in drawn
    assert plot.digest(record | {"date": "2000-01-01"}) not in drawn
    assert "keras:graph" in drawn


def test_the_published_pages_are_those_of_the_published_record():
    published = load()

    assert published is not None
    assert page.PAGE.read_text() == page.page(published)
    assert f"the run of {published['date']}" in page.HELD
    readme = page.README.read_text()
    assert readme == page.with_block(readme, published)
    assert plot.digest(published) in plot.PLOT.read_text()


def invoked(*arguments: object):
    return CliRunner().invoke(command.main, [str(argument) for argument in arguments])


def test_a_run_that_was_stopped_goes_on_and_errors_are_measured_again(tmp_path, monkeypatch):
    asked = []

    def measure(row, effort, children, peers):
        del effort, children, peers
        asked.append(row.name)
        found = measured(row)
        return found if row.step == "forward" else {"error": "torch: wrong", "subjects": {}}

    monkeypatch.setattr(command, "measure", measure)
    arguments = (
        "--journal",
        tmp_path / "journal.jsonl",
        "--only",
        "plain forward after 1x",
        "--only",
        "plain training after 1x",
    )

    first, second = invoked(*arguments), invoked(*arguments, "--json", tmp_path / "out.json")

    assert asked == [f"plain {step} after 1x128x64x64" for step in ("forward", "training", "training")]
    assert (first.exit_code, second.exit_code) == (1, 1)
    assert "ERROR: torch: wrong" in second.output
    assert len(checked(json.loads((tmp_path / "out.json").read_text()))["rows"]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "backward"), "--list names them"),
        (("--quick", "--write"), "leave out --quick"),
        (("--peer", "tinygrad"), "tinygrad"),
        (("--json", "no/such/folder/record.json"), "there is no folder no/such/folder"),
        (("--json", "."), "is a directory"),
        (("--plot", "no/such/folder/ratios.svg"), "there is no folder no/such/folder"),
        (("--plot", "ratios.png"), "ratios.png does not end in .svg"),
    ],
)
def test_an_impossible_measurement_or_file_is_a_usage_error(monkeypatch, arguments, message):
    monkeypatch.setattr(command, "_measured", None)  # refused before any measurement
    found = invoked(*arguments)

    assert found.exit_code == 2
    assert message in found.output


def test_write_publishes_the_record_its_page_its_figure_and_the_block_of_the_readme(tmp_path, monkeypatch):
    places = {
        (command, "RECORD"): "record.json", (plot, "PLOT"): "ratios.svg",
        (page, "PAGE"): "performance.md", (page, "README"): "README.md",
    }  # fmt: skip
    for (module, name), file in places.items():
        monkeypatch.setattr(module, name, tmp_path / file)
    (tmp_path / "README.md").write_text(f"{page.BEGIN}\nold\n{page.END}\n")
    monkeypatch.setattr(command, "measure", lambda row, *_: measured(row))

    result = invoked("--journal", tmp_path / "journal.jsonl", "--write")

    assert result.exit_code == 0, result.output
    written = load(tmp_path / "record.json")
    assert written is not None and [row_of(entry) for entry in written["rows"]] == rows()
    assert (tmp_path / "performance.md").read_text() == page.page(written)
    assert page.block(written) in (tmp_path / "README.md").read_text()
    assert plot.digest(written) in (tmp_path / "ratios.svg").read_text()


def test_another_system_than_linux_is_refused_with_the_reason():
    found = "import runpy, sys; sys.path.append('.'); sys.platform = 'darwin'; "
    script = f"{found}runpy.run_module('benchmarks', run_name='__main__')"

    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 1
    assert result.stderr.startswith("benchmarks stop and wake processes") and "darwin" in result.stderr


def test_rows_are_listed_without_measuring():
    assert invoked("--list", "--quick").output.splitlines() == [row.name for row in rows(quick=True)]


def test_ours_keras_the_kernel_and_the_peak_are_measured_in_processes_of_their_own():
    row, children = Row("plain", "training", "after", (2, 5, 3, 4)), measuring.Children()

    try:
        found = measuring.measure(
            row, Effort(2, 0.01), children, ("keras:graph", "kernel", "kernel:one-thread", "call", "fma")
        )
    finally:
        children.close()

    assert found["error"] is None
    assert all(len(found["subjects"][name]["seconds"]) == 2 for name in ("call", "fma"))
    for name in ("tf_gru:graph", "keras:graph", "kernel", "kernel:one-thread"):
        assert len(found["subjects"][name]["seconds"]) == 2
        assert 0 < found["subjects"][name]["gradient_margin"] <= 1
    made = head(EFFORT) | {"rows": [entry_of(row, found)]}
    assert len(cells(checked(made), "Training: every row")["2 × 5 × 3 × 4, after"]) == len(SUBJECTS["plain"]) - 1
