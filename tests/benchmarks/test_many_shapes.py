"""The cost of many shapes beside Keras: one way is measured, and each limit that is missed ends in exit code 1."""

import pytest

from benchmarks import many_shapes


@pytest.mark.parametrize("name", many_shapes.LAYERS)
def test_a_way_is_measured(name, monkeypatch):
    monkeypatch.setitem(many_shapes.WAYS, "eager", (many_shapes.eager, [(2, 3), (2, 4)]))

    assert many_shapes.one("eager", name)["seconds"] > 0


@pytest.mark.parametrize(
    ("seconds", "more", "code"),
    [(0.9 * many_shapes.TIMES, 0, 0), (1.1 * many_shapes.TIMES, 0, 1), (1, 1.1 * many_shapes.MEMORY, 1)],
)
def test_each_limit_that_is_missed_is_an_error(monkeypatch, capsys, seconds, more, code):
    found = {"keras": {"seconds": 1, "bytes": 0}, "tf_gru": {"seconds": seconds, "bytes": more}}
    monkeypatch.setattr(many_shapes, "_in_a_process", lambda way, name: found[name])

    with pytest.raises(SystemExit) as ended:
        many_shapes.main()

    assert ended.value.code == code
    assert f"{seconds:.2f}" in capsys.readouterr().out
