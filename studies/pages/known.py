"""Known findings about released GRUs: each failing clause, with its heading in docs/findings.md.

Each entry is a subject, a heading of the page, and the clauses that fail for this reason, in both formats or in the
named one.
"""

PADDING = "Keras: NaN in a masked input makes gradients NaN"
TWICE = "Keras under XLA: the final state is not always the last output"
HALVED = "Keras on JAX and PyTorch: float64 is computed in float32"
STEPS = (
    "step-after",
    "step-before",
    "final-state",
    "initial-state-none",
    "reverse",
    "bidirectional",
    "merge",
    "gradients",
    "gradients-bidirectional",
    "calls-independent",
    "split",
    "rows-permuted",
    "units-permuted",
    "nan-propagated",
    "time-reversed",
)
"""The clauses about the number of steps, without padding."""
PADDED = (
    "lengths",
    "length-zero",
    "masks",
    "padding-unread",
    "reverse-masked",
    "bidirectional-masked",
    "gradients-masked",
    "padding-appended",
)
"""The clauses with padding."""
FLOAT64 = tuple(f"{clause} float64" for clause in (*STEPS, *PADDED))

KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "keras:eager": {PADDING: ("padding-gradient",)},
    "keras:graph": {PADDING: ("padding-gradient",)},
    "keras:xla": {
        PADDING: ("padding-gradient",),
        TWICE: ("final-state", *(clause for clause in PADDED if clause != "gradients-masked")),
    },
    "keras:jax": {
        HALVED: ("closed-forms float64", *FLOAT64),
        PADDING: ("padding-gradient",),
        TWICE: ("length-zero float32", "bidirectional-masked float32"),
    },
    "keras:torch": {
        HALVED: tuple(clause for clause in FLOAT64 if clause not in ("step-after float64", "split float64")),
        PADDING: ("padding-gradient",),
    },
    "flax:linen-lengths": {
        "Flax: a row of length 0 ends in the state after its padding": ("length-zero", "gradients-masked"),
        "Flax: NaN in the padding makes gradients NaN": ("padding-gradient",),
    },
    "flax:nnx": {
        "Flax nnx: GRUCell has no recurrent bias of the candidate": tuple(c for c in STEPS if c != "step-before")
    },
    "onnx:reference-lengths": {
        "onnx.reference: lengths, activations and clip are ignored": (
            "lengths",
            "length-zero",
            "padding-unread",
            "reverse-masked",
            "nan-propagated float64",
            "padding-appended",
        )
    },
    "onnxruntime": {
        "ONNX Runtime: a row of length 0 ends in zeros": ("length-zero",),
        "ONNX Runtime: a NaN in the inputs becomes an ordinary state": ("nan-propagated",),
    },
    "torch:onnx": {"ONNX Runtime: a NaN in the inputs becomes an ordinary state": ("nan-propagated",)},
    "openvino": {"OpenVINO: a row of length 0 ends in zeros": ("length-zero",)},
    "tf_keras:dynamic-rnn": {
        "TensorFlow 1's dynamic_rnn: NaN in the padding makes gradients NaN": ("padding-gradient",)
    },
}


def heading(subject: str, clause: str, dtype: str) -> str | None:
    """The heading that explains why a subject fails a clause in a format, or None."""
    for title, clauses in KNOWN.get(subject, {}).items():
        if clause in clauses or f"{clause} {dtype}" in clauses:
            return title
    return None


def anchor(title: str) -> str:
    """The fragment of a link to a heading, as Markdown renderers make it."""
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")
