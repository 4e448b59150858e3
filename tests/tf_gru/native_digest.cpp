// Runs the kernels on numbers of its own, and prints the instruction set and a digest of every bit that they give.
#include <cstdio>
#include <cstring>
#include <vector>

#include "entry.h"

namespace {

uint64_t state = 1, digest = 14695981039346656037u;

double drawn() {  // from -1 to 1
  state = state * 6364136223846793005u + 1442695040888963407u;
  return double(int64_t(state) >> 11) / double(int64_t(1) << 52);
}

template <class T>
std::vector<T> numbers(size_t count, double scale = 1) {
  std::vector<T> made(count);
  for (T& each : made) each = T(drawn() * scale);
  return made;
}

template <class T>
void add(const std::vector<T>& values) {
  std::vector<unsigned char> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  for (unsigned char byte : bytes) digest = (digest ^ byte) * 1099511628211u;
}

template <class T>
void run(size_t batch, size_t time, size_t input_dim, size_t units, tf_gru::Reset reset, double scale, bool keep) {
  const size_t gates = reset == tf_gru::kNone ? 2 : 3, wide = gates * units, kept = reset == tf_gru::kAfter ? 4 : gates;
  const bool after = reset == tf_gru::kAfter;
  auto x = numbers<T>(batch * time * input_dim), h = numbers<T>(batch * units), W = numbers<T>(input_dim * wide, scale);
  auto U = numbers<T>(units * wide, scale), b = numbers<T>(wide), b_h = numbers<T>(wide);
  auto d_y = numbers<T>(batch * time * units), d_last = numbers<T>(batch * units);
  std::vector<uint8_t> valid(batch * time);
  for (auto& each : valid) each = drawn() < 0.5;
  std::vector<T> y(batch * time * units), last(batch * units), gates_kept(time * batch * kept * units), dx(x), dh(h), dW(W),
      dU(U), db(b), db_h(b_h);
  const tf_gru::Call call{tf_gru::Size(batch), tf_gru::Size(time), tf_gru::Size(input_dim), tf_gru::Size(units), reset,
                          units % 2 == 0,      time % 2 == 0,      x.data(),                h.data(),            W.data(),
                          U.data(),            b.data(),           after ? b_h.data() : nullptr, valid.data(),   y.data(),
                          last.data(),         keep ? gates_kept.data() : nullptr};
  const tf_gru::Gradients to{d_y.data(), d_last.data(), dx.data(), dh.data(), dW.data(), dU.data(), db.data(),
                             after ? db_h.data() : nullptr};
  tf_gru_forward(&call, sizeof(T) == 8, 2, 0);
  tf_gru_backward(&call, &to, sizeof(T) == 8, 2, 0);
  for (const auto* each : {&y, &last, &dx, &dh, &dW, &dU, &db}) add(*each);
  if (after) add(db_h);
}

}  // namespace

int main() {
  tf_gru_set_threads(2);
  const size_t sizes[][4] = {{1, 3, 2, 1}, {2, 4, 5, 17}, {9, 2, 33, 16}, {13, 5, 3, 50}};
  const tf_gru::Reset resets[] = {tf_gru::kAfter, tf_gru::kBefore, tf_gru::kNone};
  for (const auto& size : sizes)
    for (tf_gru::Reset reset : resets)
      for (double scale : {0.3, 40.0, 1e-30}) {
        run<float>(size[0], size[1], size[2], size[3], reset, scale, size[0] % 2 == 1);
        run<double>(size[0], size[1], size[2], size[3], reset, scale, size[0] % 2 == 0);
      }
  std::printf("%s %016llx\n", tf_gru_instruction_set(), static_cast<unsigned long long>(digest));
}
