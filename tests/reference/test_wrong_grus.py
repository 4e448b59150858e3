"""The overlap with the truth can fail: every wrong GRU below, one edit away from the right one, is caught."""

import inspect
from dataclasses import replace
from types import FunctionType, ModuleType

import pytest

from reference import activations, bidirectional, cell, sequence
from tests.reference.truth import Case, check_bigru, check_gru

MERGES = bidirectional.MERGES
BLEND = "z * h + (1 - z) * n"

# module, function, the text in it, and its replacement in a wrong GRU
WRONG = [
    (activations, "sigmoid", "np.abs(a)", "np.abs(2 * a)"),
    (activations, "sigmoid", "where(a >= 0, 1, e)", "where(a < 0, 1, e)"),
    (activations, "sigmoid_slope", "s * (1 - s)", "s * (1 + s)"),
    (activations, "tanh_slope", "(1 - t) * (1 + t)", "(1 - t)"),
    (cell, "step_reset_after", BLEND, "(1 - z) * h + z * n"),
    (cell, "step_reset_after", "h_z, h_r, h_n = h @ U", "h_r, h_z, h_n = h @ U"),
    (cell, "step_reset_after", "x_z, x_r, x_n = x @ W", "x_r, x_z, x_n = x @ W"),
    (cell, "step_reset_after", "h @ U + b_h", "h @ transposed(U) + b_h"),
    (cell, "step_reset_after", "h @ U + b_h", "h @ U + b_x"),
    (cell, "step_reset_after", "h @ U + b_h", "h @ U"),
    (cell, "step_reset_after", "x_n + r * h_n", "r * (x_n + h_n)"),
    (cell, "step_reset_after", "x_n + r * h_n", "x_n + h_n"),
    (cell, "step_reset_after_vjp", "(h - n)", "(n - h)"),
    (cell, "step_reset_after_vjp", "da_n * r]", "da_n]"),
    (cell, "step_reset_after_vjp", "da_n * h_n *", "da_n * h *"),
    (cell, "step_reset_after_vjp", "[da_x.sum(axis=1), da_h.sum(axis=1)]", "[da_x.sum(axis=1), da_x.sum(axis=1)]"),
    (cell, "step_reset_after_vjp", "dh * z + ", ""),
    (cell, "step_reset_after_vjp", "da_h @ transposed(U)", "da_h @ U"),
    (cell, "step_reset_after_vjp", "dh * (1 - z) *", "dh * z *"),
    (cell, "step_reset_after_vjp", "h.T @ da_h", "h.T @ da_x"),
    (cell, "step_reset_before", BLEND, "(1 - z) * h + z * n"),
    (cell, "step_reset_before", "(U_z, U_r, U_n)", "(U_r, U_z, U_n)"),
    (cell, "step_reset_before", "x_n + (s @ U_n + b_n)", "x_n + r * (h @ U_n + b_n)"),
    (cell, "step_reset_before", "x_n + (s @ U_n + b_n)", "x_n + (s @ U_n)"),
    (cell, "step_reset_before_vjp", " + ds * r", ""),
    (cell, "step_reset_before_vjp", "+ ds * r", "+ ds"),
    (cell, "step_reset_before_vjp", "ds * h *", "ds *"),
    (cell, "step_reset_before_vjp", "s.T @ da_n", "h.T @ da_n"),
    (cell, "step_reset_before_vjp", "da_n @ U_n.T", "da_n @ U_n"),
    (cell, "step_reset_before_vjp", "[h.T @ da_z, h.T @ da_r,", "[h.T @ da_r, h.T @ da_z,"),
    (cell, "step_reset_none", BLEND, "(1 - z) * h + z * n"),
    (cell, "step_reset_none", "tanh(x_n + h_n)", "tanh(x_n + z * h_n)"),
    (cell, "step_reset_none_vjp", "dh * z + ", "dh + "),
    (cell, "step_reset_none_vjp", "x.T @ da,", "0 * (x.T @ da),"),
    (sequence, "scan", "run.h.copy()", "0 * run.h"),
    (sequence, "scan", "rows = run.valid[:, t]", "rows = run.valid[:, t] | True"),
    (sequence, "scan", "rows = run.valid[:, t]", "rows = run.valid[:, t - 1]"),
    (sequence, "scan", "in run.steps", "in sorted(run.steps)"),
    (sequence, "scan", "hs[:, t] = h", "hs[rows, t] = h[rows]"),
    (sequence, "scan_vjp", "reversed(run.steps)", "run.steps"),
    (sequence, "scan_vjp", "dh += dhs[:, t]", "dh[rows] += dhs[rows, t]"),
    (sequence, "scan_vjp", "dh = dh.copy()", "dh = 0 * dh"),
    (sequence, "scan_vjp", "dW += d.kernel", "dW = d.kernel"),
    (sequence, "scan_vjp", "dx[rows, t]", "dx[rows, -1 - t]"),
    (sequence, "gradients", "run.show(d_outputs, run.valid)", "d_outputs"),
    (sequence, "results", "run.show(hs, run.valid)", "hs"),
    (sequence, "results", "run.valid), h)", "run.valid), hs[:, -1])"),
    (sequence, "validity", "np.arange(time) < lengths[:, None]", "np.arange(time) <= lengths[:, None]"),
    (sequence, "validity", "np.arange(time) < lengths[:, None]", "np.arange(time) >= time - lengths[:, None]"),
    (sequence, "checked_run", "range(time)[::-1] if reverse else range(time)", "range(time)"),
    (bidirectional, "merged_results", "merge.join(a, b)", "merge.join(b, a)"),
    (bidirectional, "merged_results", "merge.join(a, b)", "merge.join(a, b[:, ::-1])"),
    (bidirectional, "merged_results", "(h_a, h_b)", "(h_b, h_a)"),
    (bidirectional, "merged_gradients", "d_a, d_b = ", "d_b, d_a = "),
    (bidirectional, "merged_gradients", "of_a.inputs + of_b.inputs", "of_a.inputs"),
    (bidirectional, "checked_runs", "mask, True,", "mask, False,"),
    (bidirectional, "checked_runs", "checked_run(inputs, backward,", "checked_run(inputs, forward,"),
]


def edited(module: ModuleType, name: str, old: str, new: str) -> FunctionType:
    """The function of this name with edited text, in the same module as the right one."""
    source = inspect.getsource(getattr(module, name))
    assert source.count(old) == 1, f"{old!r} must stand exactly once in {name}"
    made: dict[str, FunctionType] = {}
    exec(compile(source.replace(old, new), f"<wrong {name}>", "exec"), vars(module), made)
    return made[name]


def put(monkeypatch: pytest.MonkeyPatch, right: object, wrong: object) -> None:
    """Replace the right function by the wrong one wherever it occurs."""
    name = right.__name__
    for module in (activations, bidirectional, cell, sequence):
        if getattr(module, name, None) is right:
            monkeypatch.setattr(module, name, wrong)
    for key, a in cell.CELLS.items():
        step, vjp = (wrong if f is right else f for f in a)
        monkeypatch.setitem(cell.CELLS, key, cell.Cell(step, vjp))


def check_all() -> None:
    """Compare one or two rich cases of every kind with the truth."""
    for reset in ("after", "before", "none"):
        check_gru(Case(reset, mask="trailing"))
        check_gru(Case(reset, reverse=True, mask="holes", policy="zero"))
    check_bigru(Case(mask="holes"))


@pytest.mark.parametrize(
    ("module", "name", "old", "new"), WRONG, ids=[f"{name}: {old} -> {new}" for _, name, old, new in WRONG]
)
def test_every_wrong_gru_is_caught(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, old: str, new: str
) -> None:
    """An edit that makes the GRU wrong makes the overlap fail."""
    put(monkeypatch, getattr(module, name), edited(module, name, old, new))

    with pytest.raises(AssertionError, match="but must be"):
        check_all()


@pytest.mark.parametrize(
    ("merge", "wrong"),
    [
        ("concat", replace(MERGES["concat"], vjp=lambda d, a, b: (d[..., ::2], d[..., 1::2]))),
        ("sum", replace(MERGES["sum"], join=MERGES["ave"].join)),
        ("mul", replace(MERGES["mul"], vjp=lambda d, a, b: (d * a, d * b))),
        ("ave", replace(MERGES["ave"], vjp=MERGES["sum"].vjp)),
        ("apart", replace(MERGES["apart"], vjp=lambda d, a, b: (d[1], d[0]))),
    ],
)
def test_every_wrong_merge_is_caught(monkeypatch: pytest.MonkeyPatch, merge: str, wrong: bidirectional.Merge) -> None:
    """A wrong merge, forward or backward, makes the overlap fail."""
    monkeypatch.setitem(bidirectional.MERGES, merge, wrong)

    with pytest.raises(AssertionError, match="but must be"):
        check_bigru(Case(mask="holes", merge=merge))


def test_the_right_gru_passes_the_same_checks() -> None:
    """Without an edit nothing fails."""
    check_all()


def test_an_edit_that_changes_nothing_is_not_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exchanging two terms of a sum is no mistake, and the harness itself breaks nothing."""
    put(monkeypatch, cell.step_reset_after, edited(cell, "step_reset_after", BLEND, "(1 - z) * n + z * h"))

    check_all()
