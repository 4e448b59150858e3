"""get_config and from_config lose nothing that changes the meaning."""

import inspect

import keras
import pytest

import tf_gru

CONFIGURED = {
    "units": 3,
    "activation": "relu",
    "recurrent_activation": "hard_sigmoid",
    "use_bias": False,
    "kernel_initializer": "he_normal",
    "recurrent_initializer": "zeros",
    "bias_initializer": "ones",
    "kernel_regularizer": keras.regularizers.L1(0.5),
    "recurrent_regularizer": keras.regularizers.L1(0.25),
    "bias_regularizer": keras.regularizers.L1(0.125),
    "activity_regularizer": keras.regularizers.L1(0.75),
    "kernel_constraint": keras.constraints.NonNeg(),
    "recurrent_constraint": keras.constraints.UnitNorm(),
    "bias_constraint": keras.constraints.MaxNorm(),
    "dropout": 0.25,
    "recurrent_dropout": 0.5,
    "seed": 3,
    "return_sequences": True,
    "return_state": True,
    "go_backwards": True,
    "stateful": True,
    "unroll": True,
    "reset_after": False,
    "use_cudnn": False,
    "implementation": 1,
    "zero_output_for_mask": True,
    "jit": False,
    "recompute": True,
    "use_native": False,
    "name": "mine",
    "trainable": False,
    "dtype": "mixed_bfloat16",
}


def test_every_option_is_in_the_configuration():
    """Each argument changes the configuration and comes back from it; this test covers all arguments."""
    signature = set(inspect.signature(tf_gru.GRU.__init__).parameters) - {"self", "kwargs", "reset_gate"}
    assert signature <= set(CONFIGURED)
    default = tf_gru.GRU(4).get_config()

    config = tf_gru.GRU(**CONFIGURED).get_config()

    assert {name for name in config if config[name] == default[name]} == {"reset_gate"}
    assert set(CONFIGURED) <= set(config)
    assert tf_gru.GRU.from_config(config).get_config() == config


@pytest.mark.parametrize("options", [{"reset_gate": False}, {"reset_after": True}, {}])
def test_the_variant_comes_back(options):
    """The reset-free variant, the given and the default one survive the configuration."""
    layer = tf_gru.GRU(2, **options)

    again = tf_gru.GRU.from_config(layer.get_config())

    assert (again.reset_gate, again.reset_after) == (layer.reset_gate, layer.reset_after)
    assert again.get_config() == layer.get_config()


def test_a_configuration_of_keras_is_understood(exact):
    """from_config accepts the configuration of keras.layers.GRU."""
    theirs, _ = exact.pair(reset_after=False, go_backwards=True, name="theirs")

    ours = tf_gru.GRU.from_config(theirs.get_config())
    ours.build(exact.inputs.shape)
    ours.set_weights(theirs.get_weights())

    exact.equal(theirs(exact.inputs).numpy(), ours(exact.inputs).numpy())
