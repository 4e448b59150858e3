"""Mistakes in activations: another function for both gates, for one gate or for the candidate, or a clip."""

from conformance.diagnosis.catalogue.mistake import Mistake

GATES = {
    "tanh": ("tanh(a)", "tanh_gates"),
    "hard_fifth": ("a line of slope 1/5 clipped to [0, 1]", "hard_sigmoid_gates"),
    "hard_sixth": ("a line of slope 1/6 clipped to [0, 1]", "hard_sigmoid_sixth"),
    "hard_quarter": ("a line of slope 1/4 clipped to [0, 1]", ""),
    "hard_half": ("a line of slope 1/2 clipped to [0, 1]", ""),
    "twice": ("sigma(2 a)", "sigmoid_of_twice_the_argument"),
    "halved": ("sigma(a / 2)", ""),
    "negated": ("sigma(-a)", ""),
    "softsign": ("(1 + a / (1 + |a|)) / 2", ""),
    "linear": ("a itself", ""),
    "relu": ("the positive part of a", ""),
    "sigmoid_of_sigmoid": ("sigma(sigma(a))", ""),
    "sigmoid_of_tanh": ("sigma(tanh(a))", ""),
    "square_root": ("the square root of sigma(a)", ""),
    "squared": ("the square of sigma(a)", ""),
}
"""For each name the function of a gate's argument a in words, and the existing entry for both gates, if there is
one.
"""

CANDIDATE = {
    "hard_tanh": "a clipped to [-1, 1]",
    "softsign": "a / (1 + |a|)",
    "tanh_of_sigmoid": "tanh(sigma(a))",
    "sigmoid_of_tanh": "sigma(tanh(a))",
    "tanh_of_tanh": "tanh(tanh(a))",
    "tanh_twice": "tanh(2 a)",
    "tanh_halved": "tanh(a / 2)",
    "tanh_negated": "-tanh(a)",
    "tanh_positive": "the positive part of tanh(a)",
    "tanh_scaled": "1.7159 tanh(2 a / 3)",
    "sine": "sin(a)",
    "arctangent": "arctan(a)",
    "error_function": "erf(a)",
    "leaky_relu": "a, and 0.01 a below 0",
    "leaky_relu_of_keras": "a, and 0.2 a below 0",
    "elu": "a, and exp(a) - 1 below 0",
    "selu": "1.0507 a, and 1.7581 (exp(a) - 1) below 0",
    "softplus": "log(1 + exp(a))",
    "swish": "a sigma(a)",
    "gelu": "a Phi(a)",
    "gelu_of_tanh": "a (1 + tanh(sqrt(2 / pi) (a + 0.044715 a^3))) / 2",
    "relu_6": "a clipped to [0, 6]",
}
"""For each name the function of the candidate's argument a in words."""

CLIPS = (0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 24, 30, 32)
"""The tried limits of arguments. Larger ones would change no number of the questions."""

LIMITS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
"""The tried limits of tanh."""

CLIPPED = {
    "arguments": ("arguments of sigma and tanh", "zrn"),
    "gates": ("arguments of the gates", "zr"),
    "candidate": ("argument of the candidate", "n"),
}
"""For each name the clipped arguments in words and as letters of gates."""

ONE_GATE = {"z": "update", "r": "reset"}


def clip_name(which: str, limit: float) -> str:
    """The name of the clip of some arguments to [-limit, limit]."""
    start = "tanh_clipped" if which == "candidate" else f"clip_of_{which}"
    return f"{start}_at_{limit:g}".replace(".", "_")


def limit_name(limit: float) -> str:
    """The name of a tanh that is clipped to [-limit, limit]."""
    return f"candidate_clipped_at_{limit:g}".replace(".", "_")


OF_GATES = "use the logistic function, sigma(a) = 1 / (1 + exp(-a)), for {} (recurrent_activation='sigmoid')"

MISTAKES: dict[str, Mistake] = {
    **{
        f"gates_{name}": Mistake(f"The gates use {words}, not sigma(a).", fix=OF_GATES.format("the gates"))
        for name, (words, elsewhere) in GATES.items()
        if not elsewhere
    },
    **{
        f"{gate}_gate_{name}": Mistake(
            f"The {gate} gate uses {words}, not sigma(a).", fix=OF_GATES.format(f"the {gate} gate")
        )
        for gate in ONE_GATE.values()
        for name, (words, _) in GATES.items()
        if name != "negated"
    },
    **{
        f"candidate_{name}": Mistake(
            f"The candidate is {words}, not tanh(a).", fix="use tanh for the candidate (activation='tanh')"
        )
        for name, words in CANDIDATE.items()
    },
    **{
        clip_name(which, limit): Mistake(
            f"The {words} {'is' if which == 'candidate' else 'are'} clipped to [-{limit:g}, {limit:g}].",
            fix="leave out the clip (clip=None): sigma and tanh saturate by themselves",
        )
        for which, (words, _) in CLIPPED.items()
        for limit in CLIPS
    },
    **{
        limit_name(limit): Mistake(f"The candidate is clipped to [-{limit:g}, {limit:g}].", fix="leave tanh as it is")
        for limit in LIMITS
    },
}
