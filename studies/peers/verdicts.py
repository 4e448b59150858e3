"""The result of a suite for one mutant, and a quiet runner of unittest's tests.

Left out: the way a suite calls the mutant; each suite's own file contains it.
"""

import io
import unittest
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

from conformance.interface.case import Case, Outputs
from conformance.mutants.emulated import Emulated


@dataclass(frozen=True)
class Verdict:
    """The names of the suite's tests that called the mutant, and of those that failed or raised."""

    tests: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def killed(self) -> bool:
        """True if a test detected the mutant."""
        return bool(self.failed)


def answer_with_outputs(mutant: Emulated, case: Case) -> Outputs:
    """The answer of a mutant. A mutant that hides its outputs shows them here, because other suites read them."""
    return mutant.run(case) if mutant.capabilities.outputs else Emulated.run(mutant, case)


def failing(tests: Iterable[unittest.TestCase]) -> list[str]:
    """The ids of the tests that fail or raise. Their output is dropped."""
    found = []
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        for test in tests:
            result = unittest.TestResult()
            test.run(result)
            if result.failures or result.errors or result.unexpectedSuccesses:
                found.append(test.id().rpartition(".")[2])
    return found


def flat(suite: unittest.TestSuite | unittest.TestCase) -> Iterable[unittest.TestCase]:
    """A suite's tests, one after another."""
    if isinstance(suite, unittest.TestCase):
        yield suite
    else:
        for part in suite:
            yield from flat(part)
