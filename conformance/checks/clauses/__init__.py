"""The check of each clause, one file for each topic, in the order of reports.

A new clause also needs its sentence in conformance/specification.py.
"""

from conformance.checks.check import Check
from conformance.checks.clauses import bidirectional, contract, gradients, laws, state, step, time

CHECKS: tuple[Check, ...] = (
    *step.CHECKS,
    *state.CHECKS,
    *time.CHECKS,
    *bidirectional.CHECKS,
    *gradients.CHECKS,
    *contract.CHECKS,
    *laws.CHECKS,
)
"""All checks, one for each clause in conformance.specification.CLAUSES."""

BY_CLAUSE = {check.clause: check for check in CHECKS}
