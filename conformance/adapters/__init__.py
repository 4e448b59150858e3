"""Adapters of known GRUs: a short file for each framework, listed in `REGISTERED` below, and programs in any language.

A framework is imported only when its subject is chosen.

Examples:
    >>> from conformance.adapters import load
    >>> sorted(load("reference").capabilities.arithmetic)
    ['float16', 'float32', 'float64']
"""

import sys
from difflib import get_close_matches
from importlib.util import find_spec
from typing import NamedTuple

from conformance.adapters.process.subject import from_name, is_process
from conformance.interface.adapter import GRU, UsageError, resolve
from gru_conformance import REMEDY, admit, shadowed


class Registered(NamedTuple):
    """The place of an adapter, the modules that it needs, and the extra of this distribution that installs them."""

    target: str
    modules: tuple[str, ...]
    extra: str

    @property
    def installed(self) -> bool:
        """True if the modules that it needs are installed."""
        return not self.missing

    @property
    def missing(self) -> tuple[str, ...]:
        """The modules that are not installed."""
        return tuple(module for module in self.modules if sys.modules.get(module, ...) is None or not find_spec(module))


TF_GRU = (
    *("eager", "graph", "xla", "native", "native-graph", "native-recompute"),
    *("autodiff", "loop", "compiled", "recompute", "recompute-loop"),
)
"""Call paths and kernels of our layers."""

REGISTERED = {
    "reference": Registered("conformance.adapters.reference:gru", ("numpy",), "conformance"),
    **{
        f"tf_gru:{path}": Registered(
            f"conformance.adapters.tf_gru:{path.replace('-', '_')}", ("tensorflow", "keras"), "tf"
        )
        for path in TF_GRU
    },
    "tf_gru:cudnn": Registered("conformance.adapters.tf_gru_cudnn:cudnn", ("tensorflow", "keras"), "tf"),
    "tf_gru:keras-save": Registered("conformance.adapters.tf_gru_saved:keras_save", ("tensorflow", "keras"), "tf"),
    "tf_gru:saved-model": Registered("conformance.adapters.tf_gru_saved:saved_model", ("tensorflow", "keras"), "tf"),
    "tf_gru:onnx": Registered(
        "conformance.adapters.tf_gru_onnx:onnx", ("tensorflow", "keras", "onnxruntime", "tf2onnx"), "onnx-export"
    ),
    "tf_gru:litert": Registered(
        "conformance.adapters.tf_gru_litert:litert", ("tensorflow", "keras", "ai_edge_litert"), "litert"
    ),
    "tf_gru:tf1": Registered("conformance.adapters.tf_gru_tf1:tf1", ("tensorflow", "keras"), "tf"),
    **{
        f"tutorial:{path}": Registered(f"conformance.adapters.tutorial:{path}", ("tensorflow", "keras"), "tf")
        for path in ("graph", "eager")
    },
    **{
        f"keras:{path}": Registered(f"conformance.adapters.keras:{path}", ("tensorflow", "keras"), "tf")
        for path in ("eager", "graph", "xla")
    },
    "keras:jax": Registered("conformance.adapters.keras_jax:gru", ("jax", "keras"), "keras-jax"),
    "keras:torch": Registered("conformance.adapters.keras_torch:gru", ("torch", "keras"), "keras-torch"),
    "tensorflow:block-cell": Registered("conformance.adapters.tensorflow_block_cell:gru", ("tensorflow",), "tf"),
    "tf_keras:dynamic-rnn": Registered("conformance.adapters.tf_keras_rnn:gru", ("tensorflow", "tf_keras"), "tf-keras"),
    "jax:scan": Registered("conformance.adapters.jax_scan:gru", ("jax",), "jax"),
    **{
        f"flax:{name}": Registered(f"conformance.adapters.flax_{module}:{subject}", ("jax", "flax"), "flax")
        for name, module, subject in (
            ("linen", "linen", "gru"),
            ("linen-lengths", "linen", "lengths"),
            ("nnx", "nnx", "gru"),
        )
    },
    "equinox": Registered("conformance.adapters.equinox:gru", ("jax", "equinox"), "equinox"),
    "haiku": Registered("conformance.adapters.haiku:gru", ("jax", "haiku"), "haiku"),
    "torch": Registered("conformance.adapters.torch:gru", ("torch",), "peers"),
    "torch:cell": Registered("conformance.adapters.torch_cell:gru", ("torch",), "peers"),
    "torch:packed": Registered("conformance.adapters.torch:packed", ("torch",), "peers"),
    "torch:onnx": Registered("conformance.adapters.torch_onnx:gru", ("torch", "onnx", "onnxruntime"), "peers"),
    "onnx:reference": Registered("conformance.adapters.onnx_reference:gru", ("onnx",), "peers"),
    "onnx:reference-lengths": Registered("conformance.adapters.onnx_reference:lengths", ("onnx",), "peers"),
    "onnxruntime": Registered("conformance.adapters.onnxruntime:gru", ("onnxruntime", "onnx"), "peers"),
    "openvino": Registered("conformance.adapters.openvino:gru", ("openvino",), "openvino"),
}


def load_apart(name: str, declares: bool = True) -> GRU:
    """Load an adapter as `load` does, in a process that admits project modules with names of the suite's packages."""
    admit()
    module = name.partition(":")[0]
    if name not in REGISTERED and not is_process(name) and (theirs := shadowed(module)):
        raise UsageError(f"{name!r} names {theirs}, and {module!r} is a name of the suite; {REMEDY}")
    return load(name, declares)


def load(name: str, declares: bool = True) -> GRU:
    """Load the adapter of a registered name, module:attribute or process:COMMAND.

    Args:
        name: The name.
        declares: True if an adapter of module:attribute must have capabilities.

    Returns:
        The adapter.

    Raises:
        UsageError: If there is no such adapter. The message tells what to do.
    """
    if is_process(name):
        return from_name(name)
    if name not in REGISTERED:
        try:
            return resolve(name, declares)
        except UsageError as error:
            near = get_close_matches(name, REGISTERED)
            if not near:
                raise
            raise UsageError(f"{error}; registered are {', '.join(map(repr, near))}") from error
    chosen = REGISTERED[name]
    if not chosen.installed:
        todo = f"pip install 'tf-gru[{chosen.extra}]'"
        raise UsageError(f"{name!r} needs {', '.join(chosen.missing)}, which is not installed: {todo}")
    return resolve(chosen.target)
