#include "pool.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <thread>

namespace tf_gru {
namespace {

constexpr std::chrono::microseconds kSpin{50};

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Rounding and flushing, which belong to each thread.
#if defined(__x86_64__)
using Mode = unsigned;
Mode mode() { return __builtin_ia32_stmxcsr(); }
void set_mode(Mode mode) { __builtin_ia32_ldmxcsr(mode); }
#elif defined(__aarch64__)
using Mode = uint64_t;
Mode mode() {
  Mode mode;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
void set_mode(Mode mode) { asm volatile("msr fpcr, %0" : : "r"(mode)); }
#else
#error "how this processor flushes and rounds is not known here"
#endif

// A number that only grows, and those who wait for it to change: at first they look again and again, then they sleep.
class Turn {
 public:
  unsigned now() const { return turn_.load(); }

  void next() {
    ++turn_;
    if (sleepers_ == 0) return;
    { std::lock_guard<std::mutex> lock(mutex_); }  // whoever is about to sleep does so first
    awake_.notify_all();
  }

  void wait_past(unsigned turn) {
    const auto end = std::chrono::steady_clock::now() + kSpin;
    do {
      for (int i = 0; i < 64; ++i) {
        if (turn_.load() != turn) return;
        pause();
      }
    } while (std::chrono::steady_clock::now() < end);
    std::unique_lock<std::mutex> lock(mutex_);
    ++sleepers_;
    awake_.wait(lock, [&] { return turn_.load() != turn; });
    --sleepers_;
  }

 private:
  std::atomic<unsigned> turn_{0};
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable awake_;
};

// All arrive; the last one lets the others go.
class Meeting {
 public:
  void expect(int count) { expected_ = count; }

  void arrive() {
    const unsigned turn = turn_.now();
    if (++arrived_ < expected_) return turn_.wait_past(turn);
    arrived_ = 0;
    turn_.next();
  }

 private:
  int expected_ = 0;
  std::atomic<int> arrived_{0};
  Turn turn_;
};

class Pool {
 public:
  explicit Pool(int wanted) : wanted_(wanted) {
    try {
      for (; size_ < wanted; ++size_) std::thread(&Pool::serve, this, size_).detach();
    } catch (const std::exception&) {  // no more threads or memory to be had: these serve, and stay
    }
    end_.expect(size_);
  }

  int wanted() const { return wanted_; }

  bool run(int count, double patience, void (*work)(void*, const Team*), void* context) {
    if (count > size_ || !take(patience)) return false;
    work_ = work;
    context_ = context;
    count_ = count;
    mode_ = mode();
    on_the_way_.expect(count);
    job_.next();
    do_part(0);
    end_.arrive();
    leave();
    return true;
  }

 private:
  // False where another call has the pool for longer than so many seconds.
  bool take(double patience) {
    std::unique_lock<std::mutex> lock(door_);
    if (in_use_) {
      const auto end = std::chrono::system_clock::now() + std::chrono::nanoseconds(int64_t(patience * 1e9));
      if (!free_.wait_until(lock, end, [&] { return !in_use_; })) return false;
    }
    in_use_ = true;
    return true;
  }

  void leave() {
    {
      std::lock_guard<std::mutex> lock(door_);
      in_use_ = false;
    }
    free_.notify_all();
  }

  void serve(int rank) {
    for (unsigned done = 0;; ++done) {
      job_.wait_past(done);
      const Mode own = mode();
      set_mode(mode_);
      do_part(rank);
      set_mode(own);
      end_.arrive();
    }
  }

  void do_part(int rank) {
    if (rank >= count_) return;
    const Team team{rank, count_, [](void* pool) { static_cast<Pool*>(pool)->on_the_way_.arrive(); }, this};
    work_(context_, &team);
  }

  const int wanted_;
  int size_ = 1;
  std::mutex door_;
  std::condition_variable free_;
  bool in_use_ = false;
  void (*work_)(void*, const Team*);
  void* context_;
  int count_;
  Mode mode_;
  Turn job_;
  Meeting on_the_way_, end_;
};

// Never destroyed: its threads may outlive main. A forked child has none of them, and makes a pool of its own.
std::atomic<Pool*> the_pool{nullptr};
std::atomic<int> wanted{1};
std::mutex making;

void forget() {
  the_pool = nullptr;
  new (&making) std::mutex;
}

Pool* pool() {
  Pool* pool = the_pool;
  if (pool && pool->wanted() >= wanted) return pool;
  std::lock_guard<std::mutex> lock(making);
  static const int once = pthread_atfork(nullptr, nullptr, forget);
  (void)once;
  pool = the_pool;
  if (!pool || pool->wanted() < wanted) the_pool = pool = new Pool(wanted);
  return pool;
}

}  // namespace

void set_threads(int count) { wanted = count < 1 ? 1 : count; }

int threads() { return wanted; }

bool run_together(int count, double patience, void (*work)(void*, const Team*), void* context) {
  try {
    return pool()->run(count, patience, work, context);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace tf_gru
