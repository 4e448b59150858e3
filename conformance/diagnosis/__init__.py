"""Find the cause of a wrong answer, and the conventions that a black box follows.

Reading order: catalogue (the known mistakes in words), known (their code, over numbers with a running error), questions
(tiny cases), alike (similar cases), precision (weaker arithmetics), search (explanations of all answers), reach (the
sizes and options of an explanation), examination (of a subject), local (of one failing case), attribution (the failing
clauses that an explanation covers); then blame (the responsible gate), grades (the best class that is met). The
commands identify and probe have folders of their own.
"""

from conformance.checks.verdict import Diagnosis
from conformance.diagnosis.attribution import diagnosed
from conformance.diagnosis.examination import diagnose
from conformance.diagnosis.search import ACROSS, ALONE, DEVIATIONS, Hypotheses, Search

__all__ = ["ACROSS", "ALONE", "DEVIATIONS", "Diagnosis", "Hypotheses", "Search", "diagnose", "diagnosed"]
