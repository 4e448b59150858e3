"""The ways to run a whole sequence, all of the same mathematics; `choice` says which one is taken, and why.

`autodiff` runs anything by TensorFlow's own derivatives. `recurrence`, with the steps of `after`, `before` and `none`,
has its derivative written by hand for sigmoid and tanh; `traced` makes it callable, as a loop or compiled by XLA.
`cudnn` calls the op that cuDNN implements on NVIDIA GPUs.
"""
