"""The convention vector of a black box: what it computes, found by asking, with nothing declared.

asking.py: one question, where an exception or a malformed answer is a refusal. probes.py: the tiny cases.
hypotheses.py: what may stand behind an answer, and when it does. step.py: one step. around.py: time, padding, two
directions. precision.py: the best class of arithmetic met. identity.py: all of it, in a process of its own where
it may crash.

A hypothesis of a closed list is accepted only if every number lies within the running error bound of an arithmetic
class about its own answer, and the classes are tried from the strictest on. Where several hold, all are said; where
none does, "unknown" is.
"""

from conformance.diagnosis.identify.identity import Identity, identify

__all__ = ["Identity", "identify"]
