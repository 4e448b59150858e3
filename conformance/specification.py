"""The clauses of the specification: the rules that every conforming GRU follows.

Reports, adapters and other documents cite a clause by its id, which never changes. Each clause has one check, in
checks/clauses.
"""

CLAUSES = {
    "closed-forms": "Where gates are forced, the answer is known: zero parameters halve the state, a full update gate "
    "keeps it, an empty one replaces it by the candidate.",
    "shape-and-dtype": "Outputs are (batch, time, units), the final state (batch, units), both in the inputs' format.",
    "step-after": "n = tanh(x W_n + b_n + r (h U_n + c_n)): the reset gate acts after the product, bias included; "
    "h' = z h + (1 - z) n; the first h is the initial state.",
    "step-before": "n = tanh(x W_n + b_n + (r h) U_n + c_n): the reset gate acts before the product.",
    "step-none": "n = tanh(x W_n + b_n + h U_n + c_n): there is no reset gate.",
    "final-state": "The final state is the state after the last valid step, bit for bit the output there.",
    "initial-state-none": "No initial state is an initial state of zeros.",
    "time-zero": "With time = 0 the outputs are empty and the final state is the initial state.",
    "batch-zero": "With batch = 0 outputs and final state are empty.",
    "lengths": "A row of length n is n steps; what follows is padding.",
    "length-zero": "A row of length 0 has no step: its final state is the initial state.",
    "masks": "Any boolean mask: a masked step, wherever it is, copies the state bit for bit.",
    "masked-outputs": "The output at a masked step follows a named policy: carry, or zero.",
    "padding-unread": "A masked step reads nothing: NaN and infinities there change no output and no state.",
    "reverse": "Reverse scans from the last time to the first; outputs stay aligned with the inputs' time.",
    "reverse-masked": "Reverse with padding starts at the last valid step of each row.",
    "bidirectional": "Two directions are two independent runs, aligned; a final state for each.",
    "bidirectional-masked": "Two directions with padding: each starts at its own end of the valid steps.",
    "merge": "Two directions are joined by concatenation, sum, product or mean, or given apart.",
    "gradients": "The gradients of inputs, initial state, kernels and biases are those of the equations, for any "
    "cotangents of outputs and final state.",
    "gradients-masked": "They are with padding: a masked step hands the state's cotangent on; that of its output joins "
    "it where the policy carries, and is ignored where it does not.",
    "gradients-bidirectional": "They are for two directions and every merge; the inputs' is the sum of both.",
    "masked-gradient": "The gradient to a masked input is exactly 0.",
    "padding-gradient": "NaN in a masked input changes no gradient.",
    "inputs-unmodified": "Inputs, states and parameters are not modified.",
    "calls-independent": "Nothing is kept between calls.",
    "split": "Running a sequence in two parts, carrying the state, is running it whole.",
    "rows-permuted": "Rows are independent: permuting them permutes the answer.",
    "units-permuted": "Permuting the units with their weights permutes the answer.",
    "padding-appended": "Appending masked steps changes nothing before them.",
    "time-reversed": "Reverse is: flip the time, run forward, flip back.",
}
