"""Exports, judged: the judge can fail, a dying cell is known, and the page agrees."""

import json
from pathlib import Path

import numpy as np
import pytest

from studies.exports import cells, page, run
from studies.exports.cells import EQUAL, FAULTS, REFUSED, WRONG, Cell
from studies.exports.examine import examined, worst_margin
from studies.exports.models import built, feeds
from studies.pages import paths

RECORD = page.load()
REFUSES = {"mixed_bfloat16 to ONNX", "reverse sequences, SavedModel to LiteRT", "a cell in an open batch to LiteRT"}
MODEL = Cell("keras", "stacked backwards", mask="layer", sequences=True)


OFTEN = ("layers of one size to ONNX", "a mask that is given, turned, to .h5", "mixed_bfloat16 to ONNX")
"""A fault of each kind of file that was mended, and one that is refused. Long tests examine all of them."""


@pytest.mark.parametrize("names", [OFTEN, pytest.param(tuple(FAULTS), marks=pytest.mark.long)], ids=["some", "all"])
def test_former_mistakes_are_equal_or_refused(tmp_path, names):
    found = dict(run.run([FAULTS[name] for name in names], tmp_path / "journal", 1))
    assert set(found) == {FAULTS[name] for name in names}
    assert {cell.key: each for cell, each in found.items() if each["kind"] not in (EQUAL, REFUSED)} == {}
    refused = {name for name in names if found[FAULTS[name]]["kind"] == REFUSED}
    assert refused == REFUSES & set(names)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_a_number_of_any_layer_that_is_off_is_seen(layer, activation):
    cell = MODEL._replace(activation=activation)
    model = built(cell)
    found = [np.array(each) for each in model(feeds(cell)[0])]
    assert worst_margin(cell, model, found) <= 1
    found[layer][0, 1, 2] += 2.0**-10
    assert worst_margin(cell, model, found) > 1


def test_a_last_state_that_is_off_is_seen():
    cell = MODEL._replace(layer="BiGRU", sequences=False)
    model = built(cell)
    found = np.asarray(model(feeds(cell)[0]))
    assert worst_margin(cell, model, [found]) <= 1
    assert worst_margin(cell, model, [found + np.float32(2.0**-10)]) > 1


@pytest.mark.parametrize("spoil", [np.nan, 2.0**-24])
def test_a_masked_step_that_is_no_copy_is_seen(spoil):
    cell = MODEL._replace(layer="GRU")
    model = built(cell)
    found = np.array(model(feeds(cell)[0]))
    found[1, -1, 0] += spoil
    assert worst_margin(cell, model, [found]) == np.inf


def test_another_shape_is_seen():
    cell = MODEL._replace(layer="GRU")
    model = built(cell)
    found = np.asarray(model(feeds(cell)[0]))
    assert worst_margin(cell, model, [found[:, :-1]]) == np.inf


def test_a_way_that_gives_other_numbers_is_wrong(monkeypatch):
    from studies.exports import ways

    monkeypatch.setitem(ways.WAYS, "keras", lambda model, *_: lambda given: [np.asarray(model(given[0])) * 2])
    assert examined(Cell("keras"))["kind"] == WRONG


def test_a_refusal_is_distinguished_from_a_later_failure(monkeypatch):
    from studies.exports import ways

    def refuses(*_):
        raise ValueError("not this one")

    monkeypatch.setitem(ways.WAYS, "keras", refuses)
    assert examined(Cell("keras")) == {"kind": REFUSED, "text": "ValueError: not this one"}
    monkeypatch.setitem(ways.WAYS, "keras", lambda *_: refuses)
    assert examined(Cell("keras"))["kind"] == WRONG


def test_a_cell_that_ends_the_process_is_known_and_the_others_go_on(tmp_path, monkeypatch):
    code = """
import json, os, signal, sys
for cell in json.loads(sys.argv[1]):
    if cell[0] == "h5":
        os.kill(os.getpid(), signal.SIGSEGV)
    os.write(int(sys.argv[2]), b'{"kind": "equal", "margin": 0}\\n')
"""
    monkeypatch.setattr(run, "CHILD", code)
    found = dict(run.run([Cell("keras"), Cell("h5"), Cell("weights")], tmp_path / "journal", 1))
    assert [each["kind"] for each in found.values()] == [EQUAL, WRONG, EQUAL]
    assert found[Cell("h5")]["text"] == "the process ended with signal SIGSEGV"


def test_entries_of_the_journal_are_not_examined_again(tmp_path, monkeypatch):
    journal = tmp_path / "journal"
    line = {"code": run.code(), "versions": run.versions(), "cell": Cell("h5").key, "found": {"kind": EQUAL}}
    journal.write_text(json.dumps(line) + "\n" + json.dumps({**line, "code": "other", "cell": "x"}) + '\n{"broken')
    monkeypatch.setattr(run, "CHILD", "raise SystemExit(3)")
    found = dict(run.run([Cell("h5"), Cell("keras")], journal, 1))
    assert found[Cell("h5")] == {"kind": EQUAL}
    assert found[Cell("keras")]["text"] == "the process ended with code 3"
    assert set(run.kept(journal)) == {Cell("h5").key, Cell("keras").key}


# The page


def test_the_page_equals_the_commands_output():
    assert paths.PAGE.read_text() == paths.page(paths.load()), "write it again: python -m studies exports --page-only"


def test_every_pair_of_values_was_examined_and_nothing_was_wrong():
    assert cells.missing(page.by_cell(RECORD)) == set()
    assert list(page.wrong(RECORD)) == []
    assert set(FAULTS.values()) <= set(page.by_cell(RECORD))


def test_a_layer_made_each_refusal_except_where_a_converter_traces_nothing():
    refused = {cell: each["text"] for cell, each in page.by_cell(RECORD).items() if each["kind"] == REFUSED}
    traced = {cell: text for cell, text in refused.items() if cell.way not in ("savedmodel-litert", "savedmodel-onnx")}
    keras_loop = {cell for cell in traced if "RNN" in cell.layer and cell.way.startswith("litert")}
    assert all("give it that dtype" in text for cell, text in traced.items() if cell not in keras_loop)
    assert all(cell.batch == "open" or "give it that dtype" in traced[cell] for cell in keras_loop)
    assert {cell.dtype for cell in refused if cell.way == "savedmodel-onnx"} <= {"mixed_bfloat16"}


def test_a_pair_that_is_missing_is_named():
    assert ("way", "h5", "layer", "BiGRU") in cells.missing([cell for cell in cells.drawn() if cell.way != "h5"])
    assert not cells.missing(cells.drawn())
    assert len(cells.drawn()) <= 600


def test_wrong_results_stand_on_the_page():
    cell = next(iter(FAULTS.values()))
    record = {"day": "today", "versions": {}, "cells": {cell.key: {"kind": WRONG, "text": "uses 2 of its bound"}}}
    assert f"- WRONG: {cell.key}: uses 2 of its bound" in page.part(record)
    assert page.NOTHING not in page.part(record)


def test_the_record_is_where_the_page_says():
    assert Path(paths.PAGE).parent / "records/exports.json" == page.RECORD
