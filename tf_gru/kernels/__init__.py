"""The ways to run a whole sequence, all with the same mathematics.

`chosen` lists the kernel of a call, with the reason. `choice` is the rule, a pure function of the facts that `facts`
finds, and `dispatch` runs a call by it. `autodiff` runs any call by TensorFlow's own derivatives. `recurrence`, with
the steps of `after`, `before` and `none`, contains its derivative, for sigmoid and tanh, and `chunks` does the same in
less memory; `by_hand` joins a sequence and its derivative, and `traced` makes this callable, as a loop or compiled by
XLA. `native` calls the C++ ops of ../native on CPUs; `cudnn` calls the op that cuDNN implements on NVIDIA GPUs.
"""

from tf_gru.kernels.dispatch import chosen

__all__ = ["chosen"]
