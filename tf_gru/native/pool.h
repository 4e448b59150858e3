// One pool of threads for all calls of a process.
#pragma once

#include "call.h"

namespace tf_gru {

// How many threads a call may use, the caller's own among them. It counts from the next call on.
void set_threads(int count);
int threads();

// Runs work(context, team) in `count` threads at once, each with its own rank, the caller's with rank 0, and returns
// when all are done. Every thread rounds and flushes as the caller does. Where another call has the pool, and keeps it
// for longer than `patience` seconds, or where it has fewer threads, run is not called and the answer is false: do it
// alone.
bool run_together(int count, double patience, void (*work)(void* context, const Team*), void* context);

}  // namespace tf_gru
