"""A program that differentiates and trains a model on some devices and writes the numbers; its test runs it.

Arguments: a folder for the output; "mirrored" for two logical devices of this process, and one of them alone, or the
name of this process, if TF_CONFIG names it.

Every number is a multiple of a power of two that float64 holds, so that sums may have any order.
"""

import sys

import keras
import numpy as np
import tensorflow as tf

import tf_gru

EXACT = {"activation": "linear", "recurrent_activation": "relu6", "dtype": "float64"}
ROWS = 4
RATE = 2.0**-9


def integers(shape, seed):
    return np.random.default_rng(seed).integers(-1, 2, shape).astype(float)


INPUTS, TARGETS = integers((ROWS, 3, 2), 100), integers((ROWS, 2), 101)


def model():
    """A model with both directions and one; padding is masked."""
    built = keras.Sequential(
        [
            keras.Input((3, 2), dtype="float64"),
            keras.layers.Masking(dtype="float64"),
            tf_gru.BiGRU(2, return_sequences=True, **EXACT),
            tf_gru.GRU(2, reset_after=False, **EXACT),
        ]
    )
    built.set_weights([integers(weight.shape, 20 + i) for i, weight in enumerate(built.weights)])
    built.compile(keras.optimizers.SGD(RATE), keras.losses.MeanSquaredError(dtype="float64"), jit_compile=False)
    return built


def gradients(strategy, trained):
    """Each replica computes its rows of the batch. Returns the sum over all replicas, and the first one's part."""
    share = ROWS // strategy.num_replicas_in_sync

    def on_replica():
        replica = tf.distribute.get_replica_context()
        rows = replica.replica_id_in_sync_group * share + tf.range(share)
        with tf.GradientTape() as tape:
            difference = trained(tf.gather(INPUTS, rows), training=True) - tf.gather(TARGETS, rows)
            loss = tf.reduce_mean(difference**2) / strategy.num_replicas_in_sync
        found = tape.gradient(loss, [variable.value for variable in trained.trainable_variables])
        return replica.all_reduce(tf.distribute.ReduceOp.SUM, found), found

    return [
        [strategy.experimental_local_results(gradient)[0].numpy() for gradient in of_each]
        for of_each in tf.function(lambda: strategy.run(on_replica))()
    ]


def made(strategy):
    with strategy.scope():
        return model()


def write(name, arrays):
    np.savez(f"{folder}/{name}.npz", *arrays)


folder, name = sys.argv[1:]
if name == "mirrored":
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    mirrored, alone = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), tf.distribute.get_strategy()
    trained = made(mirrored)
    write("before", trained.get_weights())
    write("one", gradients(alone, made(alone))[0])
    summed, unsummed = gradients(mirrored, trained)
    write("mirrored", summed)
    write("unsummed", unsummed)
    trained.fit(INPUTS, TARGETS, batch_size=ROWS, shuffle=False, verbose=0)
    write("fitted", trained.get_weights())
else:
    workers = tf.distribute.MultiWorkerMirroredStrategy()
    write(name, gradients(workers, made(workers))[0])
