"""Mutants that are wrong from call to call: in the first one, by overwritten answers, kept state, or misread memory."""

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.interface.case import Case, Outputs
from conformance.mutants.emulated import Emulated
from reference import Parameters


class first_call_without_biases(Emulated):
    called = False

    def run(self, case: Case) -> Outputs:
        self.warm, self.called = self.called, True
        return super().run(case)

    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        return p if self.warm else replace(p, bias=np.zeros_like(p.bias))


class outputs_lie_in_a_buffer(Emulated):
    def __init__(self) -> None:
        self.buffers: dict[Any, np.ndarray] = {}

    def aligned(self, case: Case, outputs: np.ndarray, backwards: bool) -> np.ndarray:
        buffer = self.buffers.setdefault((outputs.shape, case.dtype, backwards), outputs)
        buffer[...] = outputs
        return buffer


class weights_cached_by_identity(Emulated):
    def __init__(self) -> None:
        self.prepared: dict[Any, np.ndarray] = {}

    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        key = (id(p.recurrent_kernel), p.recurrent_kernel.shape, p.dtype)
        return replace(p, recurrent_kernel=self.prepared.setdefault(key, p.recurrent_kernel.copy()))


class weights_cached_by_their_first_bytes(Emulated):
    def __init__(self) -> None:
        self.prepared: dict[Any, Parameters] = {}

    def parameters(self, case: Case, direction: int) -> Parameters:
        p = case.parameters[direction]
        return self.prepared.setdefault((p.kernel.tobytes()[:16], p.kernel.shape, p.dtype, p.reset), p)


class strides_of_the_inputs_ignored(Emulated):
    def run(self, case: Case) -> Outputs:
        x = case.inputs
        inside = all(stride > 0 for stride, size in zip(x.strides, x.shape, strict=True) if size > 1)
        flat = np.lib.stride_tricks.as_strided(x, x.shape, np.empty_like(x, order="C").strides) if inside else x
        return super().run(replace(case, inputs=flat.copy()))


class one_call_in_fifty_misses_its_first_input(Emulated):
    def __init__(self) -> None:
        self.random = np.random.default_rng(50)

    def run(self, case: Case) -> Outputs:
        inputs = case.inputs.copy()
        if self.random.random() < 0.02:
            inputs[:, :1] = 0
        return super().run(replace(case, inputs=inputs))


class mask_kept_between_calls(Emulated):
    kept: np.ndarray | None = None

    def run(self, case: Case) -> Outputs:
        kept, self.kept = self.kept, case.mask
        absent = case.mask is None and case.lengths is None and kept is not None and kept.shape == case.valid.shape
        return super().run(replace(case, mask=kept) if absent else case)
