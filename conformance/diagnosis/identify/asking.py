"""Questions to an unknown subject: an answer of the right shapes, or a refusal with its reason."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from conformance.diagnosis.search import flat
from conformance.interface.adapter import Adapter, Capabilities, SubjectError, answered, ask
from conformance.interface.case import Case, Outputs
from conformance.interface.type_guards import is_tuple

Arrays = tuple[np.ndarray, ...]
"""The arrays of an answer in order: outputs (two under "apart", none if they are not returned), then final states."""

REFUSED = "refused"


class Asking:
    """A subject with its refusals.

    Attributes:
        gru: Any object with run(case).
        tell: Called with the name of each question before the question.
        skip: Questions to skip because they ended the process, each with the reason.
    """

    def __init__(self, gru: Any, tell: Callable[[str], None], skip: dict[str, str]) -> None:
        self.gru, self.tell, self.skip = gru, tell, skip
        self.refusals: dict[str, str] = {}

    def outputs(self, what: str, case: Case) -> Outputs | None:
        """The answer to a case, checked for its shapes and dtype; None for a refusal."""
        if self.skipped(what):
            return None
        self.tell(what)
        try:
            with np.errstate(all="ignore"):
                raw: Any = answered("run", self.gru.run, case.copy())
            shown = not (is_tuple(raw) and len(raw) == 2 and raw[0] is None)
            return ask(Adapter(lambda _: cast(Outputs, raw), Capabilities(arithmetic={}, outputs=shown)), case)
        except SubjectError as error:
            self.refusals[what] = str(error)
            return None

    def skipped(self, what: str) -> bool:
        """True if a question must be skipped; the reason is then stored as its refusal."""
        if what in self.skip:
            self.refusals[what] = self.skip[what]
        return what in self.skip

    def arrays(self, what: str, case: Case) -> Arrays | None:
        """The result of `outputs` as copied arrays."""
        found = self.outputs(what, case)
        return None if found is None else tuple(array.copy() for array in flat(found))
