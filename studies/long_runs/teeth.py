"""The errors that the bounds detect and those that they miss, at growing sizes: the table of docs/error-analysis.md.

For each size it runs an honest float32 GRU, and GRUs with small errors: products in TF32 and bfloat16, a tanh off by
5e-4, gradients off by the factor 1.0005. Three rules judge each: every step from its own previous state, the final
state alone by the bound of its whole run, and gradients by their bounds. A number above 1 is an alarm. Weights
are uniform in +-1/sqrt(units), inputs normal, like the initial values of frameworks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from conformance.checks.clauses.gradients import cotangents
from conformance.checks.runs import final_bounds, gradient_bounds, gradients_within
from conformance.checks.steps import judge_steps
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case
from conformance.mutants import bfloat16_products, gradients_off_by_a_factor, tf32_products
from conformance.mutants.emulated import Emulated
from reference import Parameters

CLAIM = Arithmetic(dtype="float32", activation="8 ULP", source="NumPy")
WIDTHS = (4, 8, 16, 32, 64, 128, 256, 512)
TIMES = (8, 16, 32, 64, 128, 256, 512)
TIME, UNITS = 32, 16
WIDEST_RUN = 64
"""The widest GRU whose whole run is bounded, because the cost grows with the cube of the units."""


class TanhOff(Emulated):
    """A tanh whose relative error is 5e-4 downwards."""

    def tanh(self, a: np.ndarray) -> np.ndarray:
        return (np.tanh(a) * (1 - 5e-4)).astype(a.dtype)


SUBJECTS: dict[str, Emulated] = {
    "honest": Emulated(),
    "TF32": tf32_products(),
    "bfloat16": bfloat16_products(),
    "tanh 5e-4": TanhOff(),
}


@dataclass(frozen=True)
class Row:
    """One size: for each subject, the worst margin of a rule."""

    rule: str
    time: int
    units: int
    margins: dict[str, float]

    @property
    def wrong_ones_pass(self) -> list[str]:
        """The wrong subjects that the rule does not detect."""
        return [name for name, margin in self.margins.items() if name != "honest" and not margin > 1]

    @property
    def honest_fails(self) -> bool:
        """True if the rule alarms on the honest subject."""
        return self.margins["honest"] > 1


def drawn(time: int, units: int, batch: int = 1) -> Case:
    """A case with the initial values of frameworks."""
    rng = np.random.default_rng([time, units])
    scale = units**-0.5

    def uniform(*shape: int) -> np.ndarray:
        return rng.uniform(-scale, scale, shape).astype(np.float32)

    p = Parameters(uniform(3, units, units), uniform(3, units, units), uniform(2, 3, units), "after")
    return Case(inputs=rng.standard_normal((batch, time, units)).astype(np.float32), parameters=(p,))


def by_steps(time: int, units: int) -> Row:
    """Judge every step from the subject's own previous state."""
    case, found = drawn(time, units), {}
    for name, subject in SUBJECTS.items():
        judgement, _ = judge_steps(case, subject.run(case).outputs, CLAIM)
        found[name] = judgement.margin
    return Row("steps", time, units, found)


def by_final_state(time: int, units: int) -> Row:
    """Judge the final state alone."""
    case = drawn(time, units)
    (allowed,) = final_bounds(case, CLAIM)
    margins = {name: float(allowed.margins(subject.run(case).final_state).max()) for name, subject in SUBJECTS.items()}
    return Row("final state", time, units, margins)


def by_gradients(time: int, units: int) -> Row:
    """Judge gradients for cotangents of all outputs and of the final state."""
    case, found = drawn(time, units), {}
    given = cotangents(case)
    allowed = gradient_bounds(case, given, CLAIM)
    for name, subject in {"honest": Emulated(), "x 1.0005": gradients_off_by_a_factor()}.items():
        found[name] = gradients_within(allowed, subject.gradients(case, given), CLAIM).margin
    return Row("gradients", time, units, found)


def rows(widths: tuple[int, ...] = WIDTHS, times: tuple[int, ...] = TIMES) -> Iterator[Row]:
    """Yield all sizes, the smallest first."""
    sizes = [(TIME, units) for units in widths] + [(time, UNITS) for time in times if time != TIME]
    for time, units in sizes:
        yield by_steps(time, units)
        if units <= WIDEST_RUN:
            yield by_final_state(time, units)
            yield by_gradients(time, units)


def table(found: list[Row]) -> Table:
    """The rows as a table of margins."""
    table = Table(
        "rule", "time", "units", *SUBJECTS, "x 1.0005", "passes though wrong", title="margins: over 1 is an alarm"
    )
    for row in found:
        cells = [f"{row.margins[name]:.3g}" if name in row.margins else "" for name in (*SUBJECTS, "x 1.0005")]
        table.add_row(row.rule, str(row.time), str(row.units), *cells, ", ".join(row.wrong_ones_pass) or "none")
    return table
