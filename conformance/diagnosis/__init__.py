"""What would explain a wrong answer: known conventions and mistakes, alone or two at a time, held against all answers.

near.py: numbers with the bound of the claimed arithmetic. specified.py: the GRU over them. deviation.py
and step_, state_, padding_ and direction_deviations.py: what is known, each with words, a fix and a link. questions.py:
what is asked. precision.py: weaker arithmetics. search.py: the search.
"""

from conformance.diagnosis.search import DEVIATIONS, Catalogue, Diagnosis, Search, diagnose, diagnosed

__all__ = ["DEVIATIONS", "Catalogue", "Diagnosis", "Search", "diagnose", "diagnosed"]
