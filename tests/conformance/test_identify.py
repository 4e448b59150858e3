"""A black box is recognized from its answers alone, and an unknown one is not guessed."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from conformance import mutants
from conformance.__main__ import main
from conformance.adapters import load
from conformance.adapters.reference import gru as reference
from conformance.diagnosis.identify import identify
from conformance.diagnosis.identify.around import around
from conformance.diagnosis.identify.asking import Asking
from conformance.diagnosis.identify.hypotheses import KEEPS, TAKES
from conformance.diagnosis.identify.identity import Unidentified, identify_in_a_process
from conformance.diagnosis.identify.precision import precision
from conformance.diagnosis.identify.step import Step
from conformance.diagnosis.identify.step import step as step_of
from conformance.interface.adapter import UsageError
from conformance.interface.case import POLICIES, Case, Outputs
from conformance.mutants.emulated import Emulated

ORDERS = ("zrn", "znr", "rzn", "rnz", "nzr", "nrz")
DRAWN = 32
GRADED = 2


class Refusal(Exception):
    """The exception of a synthetic subject."""


@dataclass(frozen=True)
class Convention:
    """A drawn convention: the behaviour of a synthetic subject, whatever the question."""

    formats: tuple[str, ...]
    order: str
    takes: bool
    reset: str
    biases: str
    compute: str
    policy: str
    empty: str
    holes: bool
    reverse: str
    initial_state: str

    @staticmethod
    def drawn(seed: int) -> "Convention":
        """A random convention."""
        rng = np.random.default_rng(seed)

        def one(*choices):
            return choices[rng.integers(len(choices))]

        return Convention(
            formats=one(("float64",), ("float32",), ("float64", "float32")),
            order=one(*ORDERS),
            takes=one(False, True),
            reset=one("after", "before"),
            biases=one("B6", "B4", "B3", "none"),
            compute=one("float64", "float32"),
            policy=one("carry", "zero", "runs on", "garbage"),
            empty=one("initial state", "zeros", "refused"),
            holes=one(False, True),
            reverse=one("aligned", "processing order", "packed", "refused"),
            initial_state=one("used", "ignored", "refused"),
        )


class Synthetic(Emulated):
    """A subject with a drawn convention. Its declaration copies Emulated's, which is mostly false here, and is not
    read.
    """

    def __init__(self, convention: Convention) -> None:
        self.convention = convention

    def run(self, case: Case) -> Outputs:
        told = self.convention
        if case.initial_state is not None:
            if told.initial_state == "refused":
                raise Refusal("no initial state")
            if told.initial_state == "ignored":
                case = replace(case, initial_state=None)
        if case.mask is not None and not told.holes:
            raise Refusal("no masks")
        if case.dtype not in told.formats or case.reset != told.reset or (case.reverse and told.reverse == "refused"):
            raise Refusal("not that")
        if not case.valid.any(axis=1).all() and case.time and told.empty == "refused":
            raise Refusal("no empty rows")
        self.held(case)
        given, case = case, self.wide(case)
        if told.policy == "runs on" and not given.reverse and given.mask is None and given.valid.any(axis=1).all():
            case = replace(case, lengths=None)
        answer = super().run(replace(case, masked_outputs="zero" if told.policy == "zero" else "carry"))
        outputs, final = answer
        if case.merge is None:
            if given.reverse and told.reverse != "aligned":
                outputs = self.turned(outputs, given)
            if told.policy == "garbage" and not given.reverse and given.valid.any(axis=1).all():
                outputs = np.where(given.valid[:, :, None], outputs, 3 + outputs)
            if told.empty == "zeros" and given.time:
                final = np.where(given.valid.any(axis=1, keepdims=True), final, 0)
        return Outputs(*(self.narrow(part, given.dtype) for part in (outputs, final)))

    def held(self, case: Case) -> None:
        """The parameters, with the two biases added exactly if one holds both; otherwise the case is refused."""
        if self.convention.biases == "B4" and len(case.single.bias[0]) == 3:
            rows = case.single.bias.astype(np.float64)[:, :2]
            summed = (case.single.bias[0] + case.single.bias[1])[:2].astype(np.float64)
            if np.any(summed - rows[0] != rows[1]):
                raise Refusal("the sum of two biases rounds")

    def wide(self, case: Case) -> Case:
        if self.convention.compute == case.dtype:
            return case
        compute = self.convention.compute

        def cast(p):
            return type(p)(*(a.astype(compute) for a in (p.kernel, p.recurrent_kernel, p.bias)), p.reset)

        state = case.initial_state and tuple(part.astype(compute) for part in case.initial_state)
        return replace(
            case, inputs=case.inputs.astype(compute), parameters=tuple(map(cast, case.parameters)), initial_state=state
        )

    def narrow(self, part, dtype):
        return tuple(each.astype(dtype) for each in part) if isinstance(part, tuple) else part.astype(dtype)

    def turned(self, outputs: np.ndarray, case: Case) -> np.ndarray:
        if self.convention.reverse == "processing order":
            return outputs[:, ::-1].copy()
        turned = outputs.copy()
        for row, count in enumerate(case.valid.sum(axis=1)):
            turned[row, :count] = outputs[row, :count][::-1]
        return turned

    def kernel(self, p):
        return p.kernel[self.index()]

    def recurrent_kernel(self, p):
        return p.recurrent_kernel[self.index()]

    def bias(self, p):
        bias = p.bias[:, self.index()].copy()
        if self.convention.biases == "none":
            bias[:] = 0
        if self.convention.biases == "B3":
            bias[1] = 0
        return bias

    def index(self) -> list[int]:
        return [self.convention.order.index(gate) for gate in "zrn"]

    def blend(self, z, h, n):
        return super().blend(z, n, h) if self.convention.takes else super().blend(z, h, n)


@pytest.mark.parametrize("seed", range(DRAWN))
def test_a_drawn_convention_is_recovered(seed, monkeypatch):
    told, graded = Convention.drawn(seed), seed < GRADED
    if not graded:  # this takes most of the time
        monkeypatch.setattr("conformance.diagnosis.identify.identity.precision", lambda *given: "not asked")
    identity = identify(Synthetic(told))
    assert identity.formats == told.formats
    for dtype in identity.formats:
        step = identity.step(dtype, told.reset)
        assert step.traits["reset"] == told.reset
        assert step.traits["update gate"] == (TAKES if told.takes else KEEPS)
        assert step.traits["kernel"] == step.traits["recurrent kernel"] == " ".join(told.order)
        assert step.traits["biases"] == ("B3" if told.biases == "B4" and told.reset == "before" else told.biases)
        other = {"after": "before", "before": "after"}[told.reset]
        assert identity.step(dtype, other).traits["reset"] == "refused"
    wide = identity.step(told.formats[0], told.reset)
    narrow = told.formats[0] == "float64" and told.compute == "float32"
    assert narrow == ("float32 compute" in wide.traits["arithmetic"])
    if graded:
        assert wide.traits["precision"].startswith(told.formats[0])
        assert narrow == ("float32 compute" in wide.traits["precision"])
    around = identity.around
    assert around["initial state"] == told.initial_state
    assert around["lengths, carry asked"] == around["lengths, zero asked"] == told.policy
    final = around["lengths, carry asked: final state"]
    assert final == ("runs on" if told.policy == "runs on" else "after the last valid step")
    used = told.initial_state == "used"
    state = told.empty if told.empty == "refused" or used else "initial state or zeros"
    assert around["a row of length 0"] == state
    masked = {"zero": "zero", "carry": "carry", "runs on": "carry", "garbage": "garbage"}[told.policy]
    if told.holes and told.policy != "garbage" and told.policy != "zero" and not used:
        masked = "carry or zero-before-first"
    assert around["masks, carry asked"] == (masked if told.holes else "refused")
    assert around["reverse"] == ("processing order" if told.reverse == "packed" else told.reverse)
    assert around["reverse with lengths"] == told.reverse


def test_the_drawn_conventions_are_all_there():
    drawn = [Convention.drawn(seed) for seed in range(DRAWN)]
    for name, number in {"order": 6, "reset": 2, "biases": 4, "policy": 4, "reverse": 4, "initial_state": 3}.items():
        assert len({getattr(convention, name) for convention in drawn}) == number, name


@pytest.mark.parametrize(
    ("gru", "formats"),
    [(reference, ("float64", "float32", "bfloat16", "float16")), (Emulated(), ("float64", "float32", "float16"))],
    ids=["reference", "emulated"],
)
def test_the_specification_is_recognized(gru, formats):
    identity = identify(gru)
    assert identity.formats == formats
    answered = [step for step in identity.steps if step.dtype in formats]
    refused = [step for step in identity.steps if step.dtype not in formats]
    assert {step.traits["reset"] for step in refused} <= {"refused"}
    assert len(answered) == 3 * len(formats) and len(identity.steps) == 12
    for step in answered:
        told = [step.asked, KEEPS, *(["z n" if step.asked == "none" else "z r n"] * 2), "as given", "sigma and tanh"]
        assert list(step.traits.values())[:6] == told
        assert step.traits["biases"] == "B6"
        assert step.traits["precision"].startswith(step.dtype)
        claimed = gru.capabilities.arithmetic[step.dtype]
        assert ("float32 compute" in step.traits["precision"]) == (claimed.compute == "float32")
        assert set(step.effects.values()) == {"as given"}
    around = identity.around
    expected = {
        "initial state": "used", "lengths, carry asked": "carry", "lengths, zero asked": "zero",
        "a row of length 0": "initial state", "masks, carry asked": "carry", "masks, zero asked": "zero",
        "reverse": "aligned", "reverse with lengths": "aligned", "no time": "initial state", "no rows": "answered",
        "gradients": "given", **{f"both directions, {merge}": "as specified" for merge in ("concat", "apart", "ave")},
        "both directions, lengths, zero asked": "zero",
    }  # fmt: skip
    assert {trait: around[trait] for trait in expected} == expected


@pytest.mark.parametrize(
    ("mutant", "trait", "value"),
    [
        (mutants.reset_before_instead_of_after, "reset", "before"),
        (mutants.reset_ignored, "reset", "none"),
        (mutants.recurrent_kernel_transposed, "recurrent blocks", "transposed"),
        (mutants.hard_sigmoid_gates, "activations", "hard sigmoid"),
    ],
)
def test_a_wrong_step_is_read(mutant, trait, value):
    step = identify(mutant()).step("float64", "after")
    assert step.traits[trait].startswith(value), step.traits


def test_an_unknown_convention_is_not_guessed():
    """A squared gate is no reading in the list, in any arithmetic."""

    class Squared(Emulated):
        def sigmoid(self, a):
            return super().sigmoid(a) ** 2

    identity = identify(Squared())
    assert identity.asked_with is None
    assert identity.around == {}
    assert {step.traits["reset"] for step in identity.steps if step.dtype != "bfloat16"} == {"unknown"}
    assert {step.traits["reset"] for step in identity.steps if step.dtype == "bfloat16"} == {"refused"}


def test_a_list_that_lacks_a_convention_does_not_name_another(monkeypatch):
    """Without the order r z n, a subject with it is unknown. The test above of drawn conventions would then fail."""
    monkeypatch.setattr("conformance.diagnosis.identify.hypotheses.ORDERS", ("znr", "nzr", "rnz", "nrz"))
    swapped = replace(Convention.drawn(0), order="rzn", reset="after")
    assert identify(Synthetic(swapped)).step("float64", "after").traits["kernel"] == "unknown"


def test_a_bound_that_is_too_wide_names_several(monkeypatch):
    monkeypatch.setattr("conformance.diagnosis.identify.step.fits", lambda *given: True)
    step = identify(reference).step("float64", "after")
    assert not step.known
    assert step.traits["reset"] == "after or before or none"


def test_nothing_declared_is_looked_at():
    class Bare:
        run = staticmethod(reference.run)

    bare, whole = identify(Bare()), identify(reference)
    assert [step.traits for step in bare.steps] == [step.traits for step in whole.steps]
    assert bare.around == {**whole.around, "gradients": "none"}


def test_one_without_capabilities_is_loaded_to_be_identified_and_for_nothing_else(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    assert callable(load("miniatures:no_capabilities", declares=False).run)
    with pytest.raises(UsageError, match="must be a Capabilities"):
        load("miniatures:no_capabilities")
    with pytest.raises(UsageError, match="without a method run"):
        load("miniatures:no_run", declares=False)


def test_one_that_answers_nothing_is_refused_everywhere():
    class Silent:
        def run(self, case):
            return None

    identity = identify(Silent())
    assert identity.formats == ()
    assert {step.traits["reset"] for step in identity.steps} == {"refused"}
    assert all("must return Outputs" in why for why in identity.refusals.values())


def test_final_states_alone_are_enough_for_the_step():
    class Final:
        def run(self, case):
            if (case.dtype, case.reset) != ("float64", "after"):
                raise Refusal("one is enough")
            return Outputs(None, reference.run(case).final_state)

    step = identify(Final()).step("float64", "after")
    assert (step.traits["reset"], step.traits["kernel"], step.traits["biases"]) == ("after", "z r n", "B6")


def asked(gru) -> tuple[Asking, Step]:
    """One step of a subject, with its question."""
    asking = Asking(gru, lambda what: None, {})
    return asking, step_of(asking, "float64", "after")


class Recurrent(Emulated):
    """A subject with factors of its recurrent biases (of z, r and n); optionally the candidate's bias is outside the
    reset.
    """

    def __init__(self, times, outside=False):
        self.times, self.outside = times, outside

    def bias(self, p):
        bias = p.bias.copy()
        bias[1] *= np.array(self.times)[:, None]
        if self.outside:
            bias[:, 2] = bias[0, 2] + bias[1, 2], 0 * bias[1, 2]
        return bias


@pytest.mark.parametrize(
    ("gru", "candidate", "kind"),
    [
        (Recurrent((1, 1, 1), outside=True), "outside the reset", "B3"),
        (Recurrent((1, 1, 0)), "no effect", "other"),
        (Recurrent((0, 0, 0)), "no effect", "B3"),
        (Recurrent((0, 0, 1)), "as given", "B4"),
        (Recurrent((0, 0, 2)), "as given, twice", "other"),
        (Recurrent((1, 0, 1)), "as given", "other"),
    ],
)
def test_the_class_of_biases_follows_from_their_effects(gru, candidate, kind):
    found = asked(gru)[1]
    assert (found.effects["recurrent candidate"], found.traits["biases"]) == (candidate, kind)


def test_a_refused_bias_is_reported():
    class Without(Emulated):
        def run(self, case):
            if case.single.bias[1].any():
                raise Refusal("no recurrent biases")
            return super().run(case)

    asking, found = asked(Without())
    assert [effect for name, effect in found.effects.items() if name.startswith("recurrent")] == ["refused"] * 3
    assert found.traits["biases"] == "B3"
    assert "no recurrent biases" in asking.refusals["float64, reset after: the recurrent update bias alone"]


def test_one_that_takes_few_rows_has_a_step_and_no_precision():
    class Few(Emulated):
        def run(self, case):
            if case.batch * case.time > 12:
                raise Refusal("too large")
            return super().run(case)

    asking, found = asked(Few())
    assert found.known
    assert precision(asking, found) == "refused"
    assert [name for name in asking.refusals if name.endswith("for its precision")]


def test_one_that_wants_an_initial_state_is_given_one_in_every_question():
    class Started(Emulated):
        """A subject that always starts from zeros."""

        def run(self, case):
            if case.initial_state is None:
                raise Refusal("no initial state")
            return super().run(replace(case, initial_state=None))

    traits = around(*asked(Started()))
    assert (traits["initial state"], traits["reverse"], traits["no time"]) == (
        "ignored",
        "aligned",
        "initial state or zeros",
    )
    assert "refused" not in traits.values()


@pytest.mark.parametrize(
    ("gru", "shown"),
    [
        (mutants.mask_taken_for_a_length(), "zero, taken for a length"),
        (
            Synthetic(replace(Convention.drawn(0), formats=("float64",), reset="after", holes=True, policy="garbage")),
            "garbage",
        ),
    ],
)
def test_the_outputs_at_masked_steps_are_reported_beside_the_reading_of_a_mask(gru, shown):
    assert around(*asked(gru))["masks, zero asked"] == shown


class OnlyTheAverage(mutants.average_is_a_sum):
    def run(self, case):
        if case.merge not in (None, "ave"):
            raise Refusal("the average alone")
        return super().run(case)


class WeightsExchanged(Emulated):
    def parameters(self, case, direction):
        return case.parameters[::-1][direction]


class FinalStatesAlone(Emulated):
    def run(self, case):
        return Outputs(None, super().run(case).final_state)


@pytest.mark.parametrize(
    ("gru", "merge", "joined", "shown"),
    [
        *((gru, "concat", joined, ["carry", "zero", "zero"]) for gru, joined in (
            (mutants.backward_comes_first(), "backward outputs first"),
            (mutants.directions_share_their_weights(), "forward weights for both"),
            (WeightsExchanged(), "weights exchanged"),
            (mutants.both_directions_run_forward(), "both run forward"),
            (mutants.initial_states_of_the_directions_swapped(), "initial states exchanged"),
            (mutants.backward_direction_ignores_its_initial_state(), "backward initial state ignored"),
            (mutants.backward_starts_where_forward_ended(), "backward starts where forward ended"),
        )),
        (OnlyTheAverage(), "ave", "not halved", ["carry", "zero", "zero"]),
        (
            FinalStatesAlone(),
            "concat",
            "as specified or backward outputs in processing order or backward outputs first",
            ["carry or zero"] * 3,
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)  # fmt: skip
def test_the_outputs_at_masked_steps_are_reported_for_each_merge_of_two_directions(gru, merge, joined, shown):
    traits = around(*asked(gru))
    assert traits[f"both directions, {merge}"] == joined
    assert [traits[f"both directions, lengths, {policy} asked"] for policy in POLICIES] == shown


class WithoutGradients(Emulated):
    def gradients(self, case, cotangents):
        raise Refusal("no gradients")


def test_gradients_that_raise_are_refused_with_their_reason():
    asking, found = asked(WithoutGradients())
    assert around(asking, found)["gradients"] == "refused"
    assert asking.refusals["gradients"] == "gradients raised Refusal: no gradients"


@pytest.mark.parametrize("what", ["gradients", "gradients: the run", "no time"])
def test_a_skipped_question_keeps_its_reason(what):
    told = []
    asking, found = Asking(Emulated(), told.append, {what: "it ended"}), asked(Emulated())[1]
    assert around(asking, found)[what.partition(":")[0]] == "refused"
    assert asking.refusals[what] == "it ended"
    assert what not in told


class Crashing(Emulated):
    """A subject that ends its process if there is no step."""

    def run(self, case):
        if case.time == 0:
            os._exit(3)
        return super().run(case)


def test_a_question_that_ends_the_process_is_refused_and_the_rest_goes_on(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))  # the started process inherits it
    identity = identify_in_a_process("test_identify:Crashing", 60)
    assert identity.around["no time"] == "refused"
    assert "exit code 3" in identity.refusals["no time"]
    assert identity.around["gradients"] == "given"


def test_an_adapter_that_cannot_be_loaded_gets_a_reason():
    with pytest.raises(Unidentified, match="neither a registered name"):
        identify_in_a_process("nothing", 60)


def test_the_command_prints_and_writes(tmp_path):
    file = tmp_path / "found.json"
    result = CliRunner().invoke(main, ["identify", "reference", "--json", str(file)])
    assert result.exit_code == 0, result.output
    assert "asked for reset before" in result.output
    assert "around the step (float64, reset after)" in result.output
    written = json.loads(file.read_text())["subjects"]["reference"]
    assert written["around"]["reverse"] == "aligned"
    assert len(written["steps"]) == 12


@pytest.mark.parametrize("arguments", [["nothing"], ["reference", "--json", "no/such/folder/x.json"]])
def test_the_command_refuses_impossible_requests(arguments):
    assert CliRunner().invoke(main, ["identify", *arguments]).exit_code == 2
