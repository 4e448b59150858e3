"""States that a layer keeps between calls."""

import pytest
import tensorflow as tf


@pytest.mark.parametrize("go_backwards", [True, False])
def test_stateful_layers_go_on_where_they_were(exact, go_backwards):
    """The final state starts the next call, as in Keras, until it is reset or another one is given."""
    theirs, ours = exact.pair(stateful=True, return_sequences=True, go_backwards=go_backwards)
    step = exact.inputs[:, :1]

    for _ in range(3):
        exact.equal(theirs(step).numpy(), ours(step).numpy())
    for layer in (theirs, ours):
        layer.reset_state()
    exact.equal(theirs(step).numpy(), ours(step).numpy())
    state = tf.constant(exact.initial_state)
    exact.equal(theirs(step, initial_state=state).numpy(), ours(step, initial_state=state).numpy())
    exact.equal(theirs.states[0].numpy(), ours.states[0].numpy())


@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("go_backwards", [True, False])
@pytest.mark.parametrize("time", [0, 3])
def test_the_state_kept_is_the_final_state_under_zeroed_outputs(exact, go_backwards, return_sequences, time):
    """A masked end outputs 0 but keeps the state reached; without steps the state stays unchanged."""
    _, ours = exact.pair(
        stateful=True,
        return_sequences=return_sequences,
        go_backwards=go_backwards,
        zero_output_for_mask=True,
    )
    mask, state = exact.mask[:, :time], exact.initial_state
    _, expected = exact.gru(exact.inputs[:, :time], *exact.weights("after"), "after", state, mask, go_backwards)

    ours(exact.inputs[:, :time], mask=mask, initial_state=tf.constant(state))

    exact.equal(expected, ours.states[0].numpy())
