"""The clauses of the specification: the rules that every conforming GRU follows.

Reports, adapters and other documents cite a clause by its id, which never changes. Each clause has one check, in
checks/clauses.
"""

CLAUSES = {
    "closed-forms": "If gates are forced, the answer is known: zero parameters halve the state, a full update gate "
    "keeps it, an empty one replaces it by the candidate.",
    "shape-and-dtype": "Outputs are (batch, time, units), the final state (batch, units), both in the inputs' format.",
    "step-after": "n = tanh(x W_n + b_n + r (h U_n + c_n)): the reset gate acts after the product, bias included; "
    "h' = z h + (1 - z) n; the first h is the initial state.",
    "step-before": "n = tanh(x W_n + b_n + (r h) U_n + c_n): the reset gate acts before the product.",
    "step-none": "n = tanh(x W_n + b_n + h U_n + c_n): there is no reset gate.",
    "final-state": "The final state is the state after the last valid step, bit for bit equal to the output there.",
    "initial-state-none": "A missing initial state means an initial state of zeros.",
    "time-zero": "With time = 0 the outputs are empty and the final state is the initial state.",
    "batch-zero": "With batch = 0 the outputs and the final state are empty.",
    "lengths": "A row of length n has n steps; the rest is padding.",
    "length-zero": "A row of length 0 has no step: its final state is the initial state.",
    "masks": "Any boolean mask is allowed: a masked step, wherever it is, copies the state bit for bit.",
    "masked-outputs": "The output at a masked step follows a named policy: carry or zero.",
    "padding-unread": "A masked step reads nothing: NaN and infinities there change no output and no state.",
    "reverse": "A reverse run scans from the last time to the first; outputs stay aligned with the inputs' time.",
    "reverse-masked": "A reverse run with padding starts at the last valid step of each row.",
    "bidirectional": "Two directions are two independent runs, aligned in time, with one final state each.",
    "bidirectional-masked": "With padding, each of two directions starts at its own end of the valid steps.",
    "merge": "Two directions are joined by concatenation, sum, product or mean, or returned apart.",
    "gradients": "The gradients of inputs, initial state, kernels and biases equal the derivatives of the equations, "
    "for any cotangents of outputs and final state.",
    "gradients-masked": "With padding the gradients are right too: a masked step passes the state's cotangent back; "
    "its output's cotangent is added if the policy carries, and otherwise ignored.",
    "gradients-bidirectional": "The gradients of two directions are right for every merge; the gradient of the "
    "inputs is the sum of both.",
    "masked-gradient": "The gradient of a masked input is exactly 0.",
    "padding-gradient": "NaN in a masked input changes no gradient.",
    "inputs-unmodified": "Inputs, states and parameters are not modified.",
    "calls-independent": "An answer does not depend on earlier calls, and later calls do not change it. If declared, "
    "two calls at once from two threads give the same bits as each call alone.",
    "split": "A sequence run in two parts, with the state carried over, gives the answer of one run.",
    "rows-permuted": "Rows are independent: permuting them permutes the answer.",
    "units-permuted": "Permuting the units with their weights permutes the answer.",
    "nan-propagated": "A NaN in a valid input makes all units of its row NaN from that step on, in processing order; "
    "other rows are right.",
    "padding-appended": "Appending masked steps changes nothing before them.",
    "time-reversed": "A reverse run equals three steps: flip the time, run forward, flip back.",
}
