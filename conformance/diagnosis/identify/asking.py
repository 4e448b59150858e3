"""Questions to a subject of which nothing is known: an answer of the right shapes, or a refusal with its reason."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from conformance.diagnosis.search import flat
from conformance.interface.adapter import Adapter, Capabilities, SubjectError, answered, ask
from conformance.interface.case import Case, Outputs
from conformance.interface.type_guards import is_tuple

Arrays = tuple[np.ndarray, ...]
"""The arrays of an answer in order: outputs (two under "apart", none where none are given), then final states."""

REFUSED = "refused"


class Asking:
    """A subject, and what it refused.

    gru: anything with run(case). tell: called with the name of each question before it is asked. skip: questions that
    are not to be asked, since they ended the process, with what happened.
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
        """Whether a question is not to be asked; what happened is then kept as its refusal."""
        if what in self.skip:
            self.refusals[what] = self.skip[what]
        return what in self.skip

    def arrays(self, what: str, case: Case) -> Arrays | None:
        """As outputs, the arrays copied."""
        found = self.outputs(what, case)
        return None if found is None else tuple(array.copy() for array in flat(found))
