#include "kernels.h"

namespace tf_gru {

extern const InstructionSet isa_avx512;
const InstructionSet isa_avx512 = {"avx512", kKernels<float>, kKernels<double>};

}  // namespace tf_gru
