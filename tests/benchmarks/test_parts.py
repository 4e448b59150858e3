"""The parts of a call: each runs, the loop of products is a loop, and the table has one row for each shape."""

import numpy as np
import pytest

from benchmarks import parts


def test_every_part_runs_and_its_products_are_read():
    runs = parts.parts((2, 3, 4, 5))

    assert set(runs) == set(parts.PARTS)
    results = {name: run() for name, run in runs.items()}
    assert results["call"].shape == (2, 3, 4)
    assert results["inputs"].shape == (6, 15)
    assert results["products"].shape == results["whole"].shape == (2, 3, 5)
    assert np.isfinite(results["products"]).all()
    assert len(np.unique(results["products"])) == 30


@pytest.mark.parametrize("shape", [(1, 2, 3, 4)])
def test_the_table_has_a_row_for_each_shape(monkeypatch, capsys, shape):
    monkeypatch.setattr(parts, "SHAPES", [shape])
    monkeypatch.setattr(parts, "FULL", parts.FULL._replace(rounds=1, turn=0))

    parts.main()

    printed = capsys.readouterr().out
    assert "python -m benchmarks.parts" in printed
    (row,) = [line for line in printed.splitlines() if line.startswith("│")]
    assert " × ".join(map(str, shape)) in row and "%" in row
