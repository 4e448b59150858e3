#include "entry.h"

#include <cstdlib>
#include <initializer_list>
#include <new>
#include <vector>

#include "choice.h"
#include "pool.h"

namespace tf_gru {
namespace {

constexpr double kWorthSharing = 400e3;   // multiplications in a call: some ten microseconds
constexpr double kWorthWaiting = 60e3;    // for each thread in a step, for waiting at each step
constexpr Size kRowsWorthSharing = 4;     // for each thread
constexpr Size kLargest = Size(1) << 40;  // of an axis: no memory holds more, and small multiples of it can be counted
constexpr double kPatience = 1 / 30e9;    // seconds to wait for the pool for each multiplication that others would do

double products_of_step(const Call& call, Size numbers) {
  return double(call.batch) * double(numbers) * double(call.units) * (call.reset == kNone ? 2 : 3);
}

// Where each thread's rows begin, so that all have about as many steps that count.
void cut_rows(const Call& call, int threads, Size* rows) {
  rows[0] = 0;
  for (int rank = 1; rank <= threads; ++rank)
    rows[rank] = call.batch / threads * rank + (call.batch % threads < rank ? call.batch % threads : rank);
  if (!call.valid || threads == 1) return;
  Size all = 0;
  for (Size i = 0; i < call.batch * call.time; ++i) all += call.valid[i] != 0;
  Size sum = 0;
  int rank = 1;
  for (Size b = 0; b < call.batch; ++b) {
    while (rank < threads && double(sum) >= double(all) * rank / threads) rows[rank++] = b;
    for (Size t = 0; t < call.time; ++t) sum += call.valid[b * call.time + t] != 0;
  }
  while (rank < threads) rows[rank++] = call.batch;
}

struct Job {
  const Kernels* kernels;
  const Call* call;
  const Gradients* to;
  Plan plan;
  char* work;
};

void work(void* context, const Team* team) {
  const Job& job = *static_cast<const Job*>(context);
  if (job.to)
    job.kernels->backward(job.call, job.to, &job.plan, job.work, team);
  else
    job.kernels->forward(job.call, &job.plan, job.work, team);
}

// False where memory is missing.
bool attempt(Job& job) {
  for (Size size : {job.call->batch, job.call->time, job.call->input_dim, job.call->units})
    if (size > kLargest) return false;
  const Size bytes = job.to ? job.kernels->backward_bytes(job.call, &job.plan) : job.kernels->forward_bytes(job.call, &job.plan);
  if (bytes < 0) return false;
  job.work = static_cast<char*>(std::aligned_alloc(64, size_t(bytes) + 64));
  return job.work != nullptr;
}

int run(const Call* call, const Gradients* to, int is_float64, int threads, int by_units) {
  const InstructionSet* set = instruction_set();
  const double step = products_of_step(*call, call->units);
  const double all = double(call->time) * (step + products_of_step(*call, call->input_dim));
  if (threads < 1) {
    threads = all < kWorthSharing ? 1 : tf_gru::threads();
    const double sharing = double(call->batch) / kRowsWorthSharing;
    if (by_units < 0) by_units = sharing < threads && step / threads > kWorthWaiting;
    if (!by_units && sharing < threads) threads = sharing < 1 ? 1 : int(sharing);
  }
  std::vector<Size> rows(size_t(threads) + 1);
  const bool divided = by_units > 0 && threads > 1 && call->units > 0;
  Job job{is_float64 ? &set->float64 : &set->float32, call, to, {threads, divided, rows.data()}, nullptr};
  cut_rows(*call, threads, rows.data());
  if (!attempt(job)) return TF_GRU_NO_MEMORY;
  const double patience = kPatience * all * (to ? 2 : 1) * (threads - 1) / threads;
  if (threads == 1 || !run_together(threads, patience, work, &job)) {
    std::free(job.work);
    job.plan.threads = 1;
    job.plan.by_units = false;
    rows[1] = call->batch;
    if (!attempt(job)) return TF_GRU_NO_MEMORY;
    const Team alone{0, 1, [](void*) {}, nullptr};
    work(&job, &alone);
  }
  std::free(job.work);
  return TF_GRU_DONE;
}

int guarded(const Call* call, const Gradients* to, int is_float64, int threads, int by_units) {
  try {
    return run(call, to, is_float64, threads, by_units);
  } catch (const std::bad_alloc&) {
    return TF_GRU_NO_MEMORY;
  }
}

}  // namespace
}  // namespace tf_gru

int tf_gru_forward(const tf_gru::Call* call, int is_float64, int threads, int by_units) {
  return tf_gru::guarded(call, nullptr, is_float64, threads, by_units);
}

int tf_gru_backward(const tf_gru::Call* call, const tf_gru::Gradients* to, int is_float64, int threads, int by_units) {
  return tf_gru::guarded(call, to, is_float64, threads, by_units);
}

void tf_gru_activate(int is_tanh, const void* from, void* to, std::ptrdiff_t count, int is_float64) {
  const tf_gru::InstructionSet* set = tf_gru::instruction_set();
  const tf_gru::Kernels& kernels = is_float64 ? set->float64 : set->float32;
  (is_tanh ? kernels.tanh : kernels.sigmoid)(from, to, count);
}

const char* tf_gru_instruction_set(void) {
  const tf_gru::InstructionSet* set = tf_gru::instruction_set();
  return set ? set->name : nullptr;
}

const char* tf_gru_why_not(void) { return tf_gru::why_not(); }

void tf_gru_set_threads(int count) { tf_gru::set_threads(count); }
