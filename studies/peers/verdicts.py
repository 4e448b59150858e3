"""What a suite says of one mutant; and running unittest's tests, quietly, for the ones that fail.

Left out: how a suite asks the mutant; each suite's own file has that.
"""

import io
import unittest
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """tests: the names of the suite's tests that asked the mutant; failed: of those that failed or errored."""

    tests: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def killed(self) -> bool:
        """Whether any test noticed."""
        return bool(self.failed)


def failing(tests: Iterable[unittest.TestCase]) -> list[str]:
    """The ids of the tests that fail or raise; what they print is dropped."""
    found = []
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        for test in tests:
            result = unittest.TestResult()
            test.run(result)
            if result.failures or result.errors or result.unexpectedSuccesses:
                found.append(test.id().rpartition(".")[2])
    return found


def flat(suite: unittest.TestSuite | unittest.TestCase) -> Iterable[unittest.TestCase]:
    """A suite's tests, one after the other."""
    if isinstance(suite, unittest.TestCase):
        yield suite
    else:
        for part in suite:
            yield from flat(part)
