#include "kernels.h"

namespace tf_gru {

extern const InstructionSet isa_portable;
const InstructionSet isa_portable = {"portable", kKernels<float>, kKernels<double>};

}  // namespace tf_gru
