// Levels of butterflies in the order of Longa and Naehrig (eprint 2016/504): from natural to bit-reversed
// order every block of a level has one twiddle, found in a table of powers in bit-reversed order, and the way
// back undoes it level by level. Levels on blocks larger than the cache go two at a time over the whole array
// (radix 4); the rest block by block.
#include "kernels/ntt/ntt.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"
#include "kernels/host/cpu_path.h"

namespace prooflode {

namespace {

// Butterflies of radix 4 in one task of a pass over the whole array.
constexpr size_t kPassChunk = 1024;
// Elements that share the high bits of their place when powers of a shift are applied.
constexpr int kLogRow = 8;

size_t ReverseBits(size_t value, int bits) {
  size_t reversed = 0;
  for (int i = 0; i < bits; ++i) reversed |= ((value >> i) & 1) << (bits - 1 - i);
  return reversed;
}

// The blocks of a transform: small enough for the cache and for all threads to have some, with an even number
// of levels above them.
int LogBlock(int log_size, unsigned threads) {
  int log_block = std::min(log_size, kLogBlockMax);
  if (threads > 1) {
    const int log_tasks = std::bit_width(4 * threads - 1);
    log_block = std::min(log_block, std::max(log_size - log_tasks, 8));
  }
  if (log_block >= log_size) return log_size;
  return log_block - (log_size - log_block) % 2;
}

// factor·base^i with i bit-reversed, at place i.
std::vector<Fr> BitReversedPowers(const Fr& base, const Fr& factor, int log_count, ThreadPool& pool,
                                  const CancelToken* cancel) {
  std::vector<Fr> steps(log_count);  // base^(2^bit)
  Fr step = base;
  for (int bit = 0; bit < log_count; ++bit, step = step.Square()) steps[bit] = step;
  std::vector<Fr> powers(size_t{1} << log_count);
  powers[0] = factor;
  for (int bit = 0; bit < log_count; ++bit) {  // the bit of a place with value 2^bit
    const size_t count = size_t{1} << bit;
    const size_t chunk = std::min(count, 4 * kPassChunk);
    pool.ParallelFor(count / chunk, [&](size_t i) {
      if (IsCancelled(cancel)) return;
      CpuBatchOps().multiply_by(&powers[count + i * chunk], &powers[i * chunk], steps[log_count - 1 - bit],
                                chunk);
    });
  }
  return powers;
}

// One transform in progress.
class Transform {
 public:
  Transform(std::span<Fr> data, ThreadPool& pool, const CancelToken* cancel)
      : data_(data),
        log_size_(std::countr_zero(data.size())),
        log_block_(LogBlock(log_size_, pool.threads())),
        pool_(pool),
        cancel_(cancel),
        ops_(CpuBatchOps()) {}

  size_t blocks() const { return data_.size() >> log_block_; }
  std::span<Fr> Block(size_t block) const {
    return data_.subspan(block << log_block_, size_t{1} << log_block_);
  }

  // The levels on blocks larger than log_block_, down from the whole array and back.
  void ForwardPasses(const std::vector<Fr>& twiddles) const {
    for (int log = log_size_; log > log_block_; log -= 2) Pass(log, twiddles, ops_.forward_radix4);
  }
  void InversePasses(const std::vector<Fr>& twiddles) const {
    for (int log = log_block_ + 2; log <= log_size_; log += 2) Pass(log, twiddles, ops_.inverse_radix4);
  }

  // work(block) for every block.
  void ForBlocks(absl::FunctionRef<void(size_t)> work) const {
    pool_.ParallelFor(blocks(), [&](size_t block) {
      if (!IsCancelled(cancel_)) work(block);
    });
  }
  void ForwardBlock(size_t block, const std::vector<Fr>& twiddles) const {
    ops_.forward_block(Block(block).data(), log_block_, twiddles.data(), block);
  }
  void InverseBlock(size_t block, const std::vector<Fr>& twiddles) const {
    ops_.inverse_block(Block(block).data(), log_block_, twiddles.data(), block);
  }

  int log_block() const { return log_block_; }
  const BatchOps& ops() const { return ops_; }

 private:
  void Pass(int log_length, const std::vector<Fr>& twiddles, void (*level)(const Radix4Rows&)) const {
    const size_t quarter = size_t{1} << (log_length - 2);
    const size_t chunk = std::min(quarter, kPassChunk);
    const size_t chunks = quarter / chunk;
    pool_.ParallelFor(chunks * (data_.size() >> log_length), [&](size_t task) {
      if (IsCancelled(cancel_)) return;
      const size_t block = task / chunks;
      Fr* first = data_.data() + (block << log_length) + task % chunks * chunk;
      level({{first, first + quarter, first + 2 * quarter, first + 3 * quarter},
             chunk,
             twiddles[block],
             {twiddles[2 * block], twiddles[2 * block + 1]}});
    });
  }

  const std::span<Fr> data_;
  const int log_size_;
  const int log_block_;
  ThreadPool& pool_;
  const CancelToken* const cancel_;
  const BatchOps& ops_;
};

void ReverseOrder(std::span<Fr> data, ThreadPool& pool, const CancelToken* cancel) {
  const int log_size = std::countr_zero(data.size());
  constexpr size_t kChunk = 16384;
  pool.ParallelFor((data.size() + kChunk - 1) / kChunk, [&](size_t chunk) {
    if (IsCancelled(cancel)) return;
    const size_t end = std::min(data.size(), (chunk + 1) * kChunk);
    for (size_t i = chunk * kChunk; i < end; ++i) {
      const size_t j = ReverseBits(i, log_size);
      if (i < j) std::swap(data[i], data[j]);
    }
  });
}

}  // namespace

NttDomain::NttDomain(int log_size, ThreadPool& pool, const CancelToken* cancel) : log_size_(log_size) {
  PL_CHECK(log_size >= 0 && log_size <= kFrTwoAdicity);
  const Fr root = FrRootOfUnity(log_size);
  const int log_count = std::max(0, log_size - 1);
  twiddles_ = BitReversedPowers(root, Fr::One(), log_count, pool, cancel);
  inverse_twiddles_ = BitReversedPowers(root.Inverse(), Fr::One(), log_count, pool, cancel);
}

void NttDomain::Forward(std::span<Fr> data, ThreadPool& pool, const CancelToken* cancel) const {
  PL_CHECK(data.size() == size());
  const Transform transform(data, pool, cancel);
  transform.ForwardPasses(twiddles_);
  transform.ForBlocks([&](size_t block) { transform.ForwardBlock(block, twiddles_); });
  ReverseOrder(data, pool, cancel);
}

void NttDomain::Inverse(std::span<Fr> data, ThreadPool& pool, const CancelToken* cancel) const {
  PL_CHECK(data.size() == size());
  const Transform transform(data, pool, cancel);
  const Fr inverse_size = Fr::FromU64(size()).Inverse();
  transform.ForwardPasses(inverse_twiddles_);
  transform.ForBlocks([&](size_t block) {
    transform.ForwardBlock(block, inverse_twiddles_);
    const std::span<Fr> values = transform.Block(block);
    transform.ops().multiply_by(values.data(), values.data(), inverse_size, values.size());
  });
  ReverseOrder(data, pool, cancel);
}

void NttDomain::ToCoset(std::span<Fr> data, const Fr& shift, ThreadPool& pool,
                        const CancelToken* cancel) const {
  PL_CHECK(data.size() == size());
  const Transform transform(data, pool, cancel);
  // Place row·2^log_row + i holds the coefficient of x^reverse(place): its factor shift^reverse(place)/n is
  // low[i]·high[row], the low bits of a place being the high ones of the exponent.
  const int log_row = std::min(kLogRow, transform.log_block());
  const int log_rows = log_size_ - log_row;
  Fr shift_step = shift;
  for (int i = 0; i < log_rows; ++i) shift_step = shift_step.Square();
  const std::vector<Fr> low =
      BitReversedPowers(shift_step, Fr::FromU64(size()).Inverse(), log_row, pool, cancel);
  const std::vector<Fr> high = BitReversedPowers(shift, Fr::One(), log_rows, pool, cancel);

  transform.ForwardPasses(inverse_twiddles_);
  transform.ForBlocks([&](size_t block) {
    transform.ForwardBlock(block, inverse_twiddles_);
    const std::span<Fr> values = transform.Block(block);
    const size_t first_row = block << (transform.log_block() - log_row);
    for (size_t i = 0; i < values.size(); i += low.size()) {
      Fr* row = values.data() + i;
      transform.ops().multiply(row, row, low.data(), low.size());
      transform.ops().multiply_by(row, row, high[first_row + (i >> log_row)], low.size());
    }
    transform.InverseBlock(block, twiddles_);
  });
  transform.InversePasses(twiddles_);
}

}  // namespace prooflode
