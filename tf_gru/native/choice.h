// The instruction set: the best that the processor has, or the one that TF_GRU_ISA names.
#pragma once

#include "call.h"

namespace tf_gru {

const InstructionSet* instruction_set();  // null where there is none: see why_not
const char* why_not();

}  // namespace tf_gru
