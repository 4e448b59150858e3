"""Claims about the arithmetic of TensorFlow's CPU kernels. `python -m conformance probe` measures each claim again."""

from conformance.interface.arithmetic import Arithmetic

EIGEN = {
    "float32": ("8 ULP", "Eigen's vectorised tanh and logistic: measured 5.8 and 6.1 ULP; subnormals are flushed"),
    "float64": ("8 ULP above 2u", "Eigen's tanh: measured 9.2 ULP just below 1; subnormals are flushed"),
}
XLA = {
    "float32": ("8 ULP", "XLA's tanh: measured 4.8 ULP; subnormals are flushed"),
    "float64": ("8 ULP", "XLA's tanh: measured 7.9 ULP; subnormals are flushed"),
}


NATIVE = {
    "float32": ("4 ULP", "tf_gru's own sigmoid and tanh: measured 2.3 and 2.5 ULP; TensorFlow has subnormals flushed"),
    "float64": ("4 ULP", "tf_gru's own sigmoid and tanh: measured 2.5 and 2.5 ULP; TensorFlow has subnormals flushed"),
}


def tensorflow(path: str) -> dict[str, Arithmetic]:
    """The claimed class of each format along a path: "eager", "graph", "xla" or "native"."""
    claims = {"xla": XLA, "native": NATIVE}.get(path, EIGEN)
    return {
        dtype: Arithmetic(dtype=dtype, activation=activation, flush=True, source=source)
        for dtype, (activation, source) in claims.items()
    }
