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
    "float32": ("4 ULP", "tf_gru's own sigmoid and tanh: measured 1.8 and 1.4 ULP; TensorFlow has subnormals flushed"),
    "float64": ("4 ULP", "tf_gru's own sigmoid and tanh: measured 1.9 and 1.4 ULP; TensorFlow has subnormals flushed"),
}


NARROW = "each operation in float32, rounded: sigmoid and tanh within 0.51 ULP; products summed in float32"


def tensorflow(path: str, narrow: tuple[str, ...] = ()) -> dict[str, Arithmetic]:
    """The claimed class of each format along a path: "eager", "graph", "xla" or "native".

    narrow: Formats of 16 bits that are also claimed.
    """
    claims = {"xla": XLA, "native": NATIVE}.get(path, EIGEN)
    return {
        dtype: Arithmetic(dtype=dtype, activation=activation, flush=True, source=source)
        for dtype, (activation, source) in claims.items()
    } | {
        dtype: Arithmetic(dtype=dtype, accumulator="float32", activation="4 ULP", flush=True, source=NARROW)
        for dtype in narrow
    }
