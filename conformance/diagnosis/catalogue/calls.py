"""Mistakes from call to call."""

from conformance.diagnosis.catalogue.mistake import Mistake

MISTAKES: dict[str, Mistake] = {
    "first_call_without_biases": Mistake("The first call runs before the biases are set, and so without them."),
    "outputs_lie_in_a_buffer": Mistake(
        "The outputs are in one buffer for each shape, and the next call overwrites it."
    ),
    "weights_cached_by_identity": Mistake(
        "The recurrent kernel is prepared once for each address, and not again when its numbers change."
    ),
    "weights_cached_by_their_first_bytes": Mistake(
        "Weights are prepared once for each value of the kernel's first 16 bytes, and the other bytes are not compared."
    ),
    "strides_of_the_inputs_ignored": Mistake("The inputs are read as if they were contiguous."),
    "one_call_in_fifty_misses_its_first_input": Mistake(
        "One call in fifty, at random, reads the first time's inputs before they are written, as 0."
    ),
    "mask_kept_between_calls": Mistake("A run without padding uses the mask of the run before it, if its shape fits."),
}
