"""The cost of new shapes: each way is measured, and a first call that takes too long ends in exit code 1."""

import pytest

from benchmarks import new_shapes


@pytest.mark.parametrize("way", new_shapes.WAYS)
def test_each_way_is_measured(way):
    times = new_shapes.one(way, new_shapes.SHAPES[:2])

    assert len(times) == 2
    assert all(first > 0 and second > 0 for first, second in times)


def test_there_are_so_many_shapes():
    assert len(set(new_shapes.SHAPES)) == len(new_shapes.SHAPES) == 200


@pytest.mark.parametrize(("more", "code"), [(0.5, 0), (1.5, 1)])
def test_a_limit_that_is_missed_is_an_error(monkeypatch, capsys, more, code):
    times = [(0.001, 0.001), (0.001 + more * new_shapes.MORE, 0.001)]
    monkeypatch.setattr(new_shapes, "one", lambda way, shapes: times)

    with pytest.raises(SystemExit) as ended:
        new_shapes.main()

    assert ended.value.code == code
    assert f"{1000 * more * new_shapes.MORE:.1f}" in capsys.readouterr().out
