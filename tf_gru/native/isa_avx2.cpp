#include "kernels.h"

namespace tf_gru {

extern const InstructionSet isa_avx2;
const InstructionSet isa_avx2 = {"avx2", kKernels<float>, kKernels<double>};

}  // namespace tf_gru
