"""The subjects of TensorFlow 1's graphs in a program that starts like TensorFlow 1's. A process cannot undo this."""

import tensorflow as tf

tf.compat.v1.disable_v2_behavior()

from conformance.adapters.tf_gru_tf1 import tf1 as function  # noqa: E402, F401
from conformance.adapters.tutorial import graph as tutorial  # noqa: E402, F401
