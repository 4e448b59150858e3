"""Find the cause of a wrong answer, and the conventions that a black box follows.

Reading order: catalogue (the known mistakes in words), known (their code, over numbers with a running error), questions
(tiny cases), alike (cases like another), precision (weaker arithmetics), search (what explains all answers), reach
(where an explanation holds), examination (of a subject), local (of one failing case), attribution (the failing clauses
that an explanation accounts for); then blame (a gate), grades (the best class that is met); identify and probe are
folders.
"""

from conformance.checks.verdict import Diagnosis
from conformance.diagnosis.attribution import diagnosed
from conformance.diagnosis.examination import diagnose
from conformance.diagnosis.search import ACROSS, ALONE, DEVIATIONS, Hypotheses, Search

__all__ = ["ACROSS", "ALONE", "DEVIATIONS", "Diagnosis", "Hypotheses", "Search", "diagnose", "diagnosed"]
