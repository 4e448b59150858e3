// The instruction set: the best one that the processor supports, or the one in TF_GRU_ISA.
#pragma once

#include "call.h"

namespace tf_gru {

const InstructionSet* instruction_set();  // null if there is none: see why_not
const char* why_not();

}  // namespace tf_gru
