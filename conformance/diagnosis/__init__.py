"""Why an answer is wrong, and what a black box computes: known mistakes, blame, grades, identify, probe.

Reading order: known (conventions and mistakes, each with words, a fix and a link), questions (tiny cases), precision
(weaker arithmetics), search (what explains all answers); then blame (a gate), grades (the best class that is met);
identify and probe are folders of their own.
"""

from conformance.diagnosis.search import DEVIATIONS, Catalogue, Diagnosis, Search, diagnose, diagnosed

__all__ = ["DEVIATIONS", "Catalogue", "Diagnosis", "Search", "diagnose", "diagnosed"]
