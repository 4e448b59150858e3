"""Exact answers to cases, certified by ball arithmetic. This package shares no code with `reference` or `tf_gru`.

Examples:
    >>> import numpy as np
    >>> from conformance import Case
    >>> from conformance.truth import truth
    >>> from reference import Parameters
    >>> zero = Parameters(np.zeros((3, 1, 1)), np.zeros((3, 1, 1)), np.zeros((2, 3, 1)), "after")
    >>> case = Case(inputs=np.ones((1, 2, 1)), parameters=(zero,), initial_state=(np.ones((1, 1)),))
    >>> truth(case).outputs.tolist()
    [[[0.5], [0.25]]]
"""

from conformance.truth.certified import Steps, Truth, truth

__all__ = ["Steps", "Truth", "truth"]
