"""The convention vector of a black box: its computation, identified by questions, without declarations.

asking.py asks one question; an exception or a malformed answer counts as a refusal. probes.py contains the tiny cases,
hypotheses.py the hypotheses about an answer and the test of one, step.py one step, around.py time, padding and two
directions, precision.py the best class of arithmetic met. identity.py runs everything, in a separate process if the
subject may crash.

A hypothesis in a closed list is accepted only if every number lies within the running error bound of an arithmetic
class around its own answer. The classes are tried from the strictest on. If several hypotheses hold, all are reported;
if none does, the result is "unknown".
"""

from conformance.diagnosis.identify.identity import Identity, identify

__all__ = ["Identity", "identify"]
