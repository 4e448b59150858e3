"""The cost of new shapes: each way is measured, and a missed limit ends in exit code 1."""

import pytest

from benchmarks import new_shapes


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:In the future `np.object` will be defined:FutureWarning")
@pytest.mark.parametrize("way", new_shapes.WAYS)
def test_each_way_is_measured(monkeypatch, way):
    make, shapes = new_shapes.WAYS[way]
    monkeypatch.setitem(new_shapes.WAYS, way, (make, shapes[:2]))

    assert new_shapes.one(way, "tf_gru")["seconds"] > 0


@pytest.mark.parametrize(
    ("seconds", "held", "code"), [(2, new_shapes.MEMORY, 0), (2.1, 0, 1), (1, new_shapes.MEMORY + 1, 1)]
)
def test_a_limit_that_is_missed_is_an_error(monkeypatch, capsys, seconds, held, code):
    answers = {"keras": {"seconds": 1, "bytes": 0}, "tf_gru": {"seconds": seconds, "bytes": held}}
    monkeypatch.setattr(new_shapes, "_in_a_process", lambda _, name: answers[name])

    with pytest.raises(SystemExit) as ended:
        new_shapes.main()

    assert ended.value.code == code
    assert f"{seconds:.2f}" in capsys.readouterr().out
