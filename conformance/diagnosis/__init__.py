"""Why an answer is wrong, and what a black box computes: known mistakes, blame, grades, identify, probe.

Reading order: catalogue (the known mistakes in words), known (their code, over numbers with a running error), questions
(tiny cases), precision (weaker arithmetics), search (what explains all answers), attribution (the failing clauses that
an explanation accounts for); then blame (a gate), grades (the best class that is met); identify and probe are folders.
"""

from conformance.diagnosis.attribution import diagnosed
from conformance.diagnosis.search import DEVIATIONS, Diagnosis, Hypotheses, Search, diagnose

__all__ = ["DEVIATIONS", "Diagnosis", "Hypotheses", "Search", "diagnose", "diagnosed"]
