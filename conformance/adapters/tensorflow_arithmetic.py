"""What TensorFlow's CPU kernels claim of their arithmetic; a test sweeps sigma and tanh to hold each claim."""

from conformance.arithmetic import Arithmetic

EIGEN = "Eigen's vectorised tanh and logistic; subnormals are flushed in TensorFlow's threads"
XLA = "XLA's tanh; sigma from tanh, which has no relative accuracy where it is small; subnormals are flushed"


def tensorflow(path: str) -> dict[str, Arithmetic]:
    """The class claimed for each format along a path: "eager", "graph" or "xla"."""
    compiled = path == "xla"
    return {
        dtype: Arithmetic(
            dtype=dtype,
            activation="8 ULP above u" if compiled else "8 ULP",
            flush=True,
            source=XLA if compiled else EIGEN,
        )
        for dtype in ("float32", "float64")
    }
