"""The ways to run a whole sequence, all of the same mathematics; `chosen` lists which of them a call takes, and why.

`choice` is the rule, a pure function of what `facts` finds, and `dispatch` runs a call by it.
`autodiff` runs anything by TensorFlow's own derivatives. `recurrence`, with the steps of `after`, `before` and `none`,
has its derivative beside it, for sigmoid and tanh, and `chunks` both in less memory; `by_hand` joins a sequence and its
derivative, and `traced` makes that callable, as a loop or compiled by XLA.
`native` calls the ops of ../native, in C++, on CPUs; `cudnn` the op that cuDNN implements on NVIDIA GPUs.
"""

from tf_gru.kernels.dispatch import chosen

__all__ = ["chosen"]
