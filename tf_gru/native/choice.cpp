#include "choice.h"

#include <cstdlib>
#include <cstring>

namespace tf_gru {

extern const InstructionSet isa_portable;
#if defined(__x86_64__)
extern const InstructionSet isa_avx512, isa_avx2;
#endif

namespace {

struct Chosen {
  const InstructionSet* set;
  const char* why_not;
};

Chosen choose() {
  const struct {
    const InstructionSet* set;
    bool there;
  } sets[] = {
#if defined(__x86_64__)
      {&isa_avx512, __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("fma")},
      {&isa_avx2, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")},
#endif
      {&isa_portable, true},
  };
  const char* name = std::getenv("TF_GRU_ISA");
  for (const auto& each : sets) {
    if (name && *name && std::strcmp(name, each.set->name) != 0) continue;
    if (each.there) return {each.set, nullptr};
    if (name && *name) return {nullptr, "TF_GRU_ISA names an instruction set that this processor does not have"};
  }
  return {nullptr, "TF_GRU_ISA must be avx512, avx2 or portable, those of this library; unset, the best is taken"};
}

const Chosen& chosen() {
  static const Chosen once = choose();
  return once;
}

}  // namespace

const InstructionSet* instruction_set() { return chosen().set; }
const char* why_not() { return chosen().why_not; }

}  // namespace tf_gru
