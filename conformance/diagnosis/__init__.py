"""Find the cause of a wrong answer, and the conventions that a black box follows.

Reading order: catalogue (the known mistakes in words), known (their code, over numbers with a running error), questions
(tiny cases), precision (weaker arithmetics), search (explanations of all answers), attribution (the failing clauses
that an explanation covers); then blame (the responsible gate), grades (the best class that is met). The commands
identify and probe have folders of their own.
"""

from conformance.diagnosis.attribution import diagnosed
from conformance.diagnosis.search import DEVIATIONS, Diagnosis, Hypotheses, Search, diagnose

__all__ = ["DEVIATIONS", "Diagnosis", "Hypotheses", "Search", "diagnose", "diagnosed"]
