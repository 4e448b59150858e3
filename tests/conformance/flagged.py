"""For each flag of the vectors a GRU with exactly this mistake: a shipped mutant, or one made here."""

from dataclasses import replace

import numpy as np

from conformance import mutants
from conformance.mutants.emulated import Emulated
from conformance.vectors.notes import FLAGS


class Policy(Emulated):
    def output(self, case, h, counts, start):
        zero = case.masked_outputs != "zero"
        return np.where(counts | (not zero), h, 0).astype(h.dtype)


class GradientOfMaskedOutput(Emulated):
    def gradients(self, case, cotangents):
        other = "carry" if case.masked_outputs == "zero" else "zero"
        return super().gradients(replace(case, masked_outputs=other), cotangents)


WITHOUT_A_MUTANT: dict[str, Emulated] = {"Policy": Policy(), "GradientOfMaskedOutput": GradientOfMaskedOutput()}
BY_NAME = {mutant.name: mutant for mutant in mutants.MUTANTS}
WRONG: dict[str, Emulated] = WITHOUT_A_MUTANT | {
    flag: BY_NAME[name] for flag, name in FLAGS.items() if flag not in WITHOUT_A_MUTANT
}
