"""PyTorch's gradients of its weights, gate by gate."""

import numpy as np


def by_gate(grads: dict[str, np.ndarray], suffix: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """kernel, recurrent kernel and bias of the direction whose names end in suffix."""
    kernel, recurrent_kernel, *bias = (
        _zrn(grads[name + suffix]) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    return kernel.transpose(0, 2, 1), recurrent_kernel.transpose(0, 2, 1), np.stack(bias)


def _zrn(stacked: np.ndarray) -> np.ndarray:
    """torch's (r, z, n) rows as (z, r, n) on a first axis."""
    return stacked.reshape(3, -1, *stacked.shape[1:])[[1, 0, 2]]
