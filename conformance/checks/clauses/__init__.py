"""One small function for each clause of conformance/specification.py, in the order in which a report shows them."""

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
"""Every check. There is one for each of conformance.specification.CLAUSES."""

BY_CLAUSE = {check.clause: check for check in CHECKS}
