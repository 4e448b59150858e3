"""The specification itself as a subject.

Examples:
    >>> import numpy as np
    >>> from conformance import Case
    >>> from conformance.adapters.reference import gru
    >>> from reference import Parameters
    >>> p = Parameters(np.zeros((3, 2, 4)), np.zeros((3, 4, 4)), np.zeros((2, 3, 4)))
    >>> gru.run(Case(inputs=np.ones((1, 5, 2)), parameters=(p,))).outputs.shape
    (1, 5, 4)
"""

import numpy as np

from conformance.interface.adapter import Capabilities
from conformance.interface.arithmetic import Arithmetic
from conformance.interface.case import MERGES, Case, Gradients, Outputs, cast
from reference import bigru, bigru_backward, gru_backward
from reference import gru as run_gru

NUMPY = "NumPy's vectorised exp and tanh: within 4 ULP (numpy/numpy#19478); sigma adds a sum, a quotient"


class Reference:
    """NumPy, in the case's own format; subnormals are kept. bfloat16 is computed in float32."""

    packages = ("numpy",)
    capabilities = Capabilities(
        arithmetic={
            dtype: Arithmetic(dtype=dtype, activation="8 ULP", source=NUMPY)
            for dtype in ("float16", "float32", "float64")
        }
        | {"bfloat16": Arithmetic(dtype="bfloat16", compute="float32", activation="8 ULP", source=NUMPY)},
        resets=("after", "before", "none"),
        lengths=True,
        zero_length=True,
        masks=True,
        masked_outputs=("carry", "zero"),
        reverse=True,
        merges=MERGES,
        bidirectional_masked_outputs=("carry", "zero"),
        zero_time=True,
        zero_batch=True,
        threads=True,
        gradients=True,
    )

    def run(self, case: Case) -> Outputs:
        """Call reference.gru or reference.bigru once."""
        if case.dtype == "bfloat16":
            return cast(Reference.run(self, case.astype("float32")), case.dtype)
        options = {"lengths": case.lengths, "mask": case.mask, "masked_outputs": case.masked_outputs}
        if case.merge is not None:
            return Outputs(
                *bigru(case.inputs, *case.parameters, merge=case.merge, initial_state=case.initial_state, **options)
            )
        state = None if case.initial_state is None else case.initial_state[0]
        return Outputs(*run_gru(case.inputs, case.single, initial_state=state, reverse=case.reverse, **options))

    def gradients(self, case: Case, cotangents: Outputs) -> Gradients:
        """Call reference.gru_backward or reference.bigru_backward once."""
        if case.dtype == "bfloat16":
            wide = Reference.gradients(self, case.astype("float32"), cast(cotangents, "float32"))
            return cast(wide, case.dtype)
        options = {
            "grad_outputs": cotangents.outputs,
            "grad_final_state": cotangents.final_state,
            "lengths": case.lengths,
            "mask": case.mask,
            "masked_outputs": case.masked_outputs,
        }
        with np.errstate(over="ignore", invalid="ignore"):  # numbers that may overflow in float16 are not judged
            if case.merge is not None:
                both = bigru_backward(
                    case.inputs, *case.parameters, merge=case.merge, initial_state=case.initial_state, **options
                )
                return Gradients(both.inputs, both.initial_state, *zip(both.forward, both.backward, strict=True))
            state = None if case.initial_state is None else case.initial_state[0]
            return Gradients(
                *gru_backward(case.inputs, case.single, initial_state=state, reverse=case.reverse, **options)
            )


gru = Reference()
