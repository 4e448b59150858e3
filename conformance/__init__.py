"""The suite: point it at any GRU to learn whether it is right and to which precision.

Reading order: specification (the clauses), case, adapter, oracle and truth, arithmetic and bounds (what may differ),
checks (one a clause), judge, report; mutants (what the checks are tested on).
What an adapter needs is here: Adapter, Capabilities, Arithmetic; Case comes in, Outputs and Gradients go out.
"""

from conformance.interface.adapter import Adapter, Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import Case, Gradients, Outputs

__all__ = ["Adapter", "Arithmetic", "Capabilities", "Case", "Gradients", "Outputs"]
