"""In which form the layers are traced: the usual one, or that of a converter to another runtime."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import NamedTuple

from tf_gru.sequence import gru


class Form(NamedTuple):
    """What computes a whole sequence, and what models may ask of it.

    gru: as `tf_gru.gru`. target: the runtime in words. keeps_states: stateful layers can be traced. dtypes: those that
        the target computes in, or None for all.
    """

    gru: Callable
    target: str = "TensorFlow"
    keeps_states: bool = True
    dtypes: tuple[str, ...] | None = None

    def check(self, layer: str, dtype: str, *, stateful: bool) -> None:
        """Refuse what the target would forget, or fail on in words of its own."""
        if stateful and not self.keeps_states:
            raise ValueError(
                f"{layer} is stateful, but {self.target} keeps no state between calls: take initial_state as an input "
                "and the state, by return_state=True, as an output"
            )
        if self.dtypes is not None and dtype not in self.dtypes:
            known = ", ".join(self.dtypes)
            raise ValueError(f"{layer} computes in {dtype}, but {self.target} does in {known}: give it that dtype")


USUAL = Form(gru)
FORM: ContextVar[Form] = ContextVar("form of the layers", default=USUAL)
"""Each thread has its own."""
