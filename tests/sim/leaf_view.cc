#include "tests/sim/leaf_view.h"

#include <algorithm>

namespace prooflode::sim {
namespace {

class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}

  template <typename T>
  T Number() {
    T value{};
    if (!Take(sizeof(T))) return value;
    return LoadLe<T>(AsBytes(bytes_).data() + at_ - sizeof(T));
  }
  template <typename Array>
  Array Bytes() {
    Array out{};
    if (Take(out.size())) {
      std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(at_ - out.size()), out.size(), out.begin());
    }
    return out;
  }
  std::string Text(size_t size) { return Take(size) ? bytes_.substr(at_ - size, size) : std::string(); }
  bool done() const { return at_ == bytes_.size(); }
  bool good() const { return good_; }

 private:
  bool Take(size_t size) {
    if (size > bytes_.size() - at_) {
      good_ = false;
      at_ = bytes_.size();
      return false;
    }
    at_ += size;
    return true;
  }

  const std::string& bytes_;
  size_t at_ = 0;
  bool good_ = true;
};

bool ReadRecords(LeafView& leaf, uint16_t number, const std::string& bytes) {
  Reader in(bytes);
  while (in.good() && !in.done()) {
    if (number == 101) {
      JobRecord job;
      job.id = in.Bytes<Id>();
      job.phase = in.Number<uint8_t>();
      job.deadline = in.Number<int64_t>();
      job.delivered = in.Bytes<Id>();
      job.winning = in.Bytes<Id>();
      leaf.jobs.push_back(job);
    } else if (number == 102) {
      AttemptRecord attempt;
      attempt.id = in.Bytes<Id>();
      attempt.job = in.Bytes<Id>();
      attempt.miner = in.Bytes<Key>();
      attempt.phase = in.Number<uint8_t>();
      attempt.reason = in.Number<uint8_t>();
      attempt.fence = in.Number<uint64_t>();
      attempt.reveal_by = in.Number<int64_t>();
      leaf.attempts.push_back(attempt);
    } else if (number == 104) {
      DrawRecord draw;
      draw.job = in.Bytes<Id>();
      draw.number = in.Number<uint32_t>();
      draw.places = in.Number<uint32_t>();
      for (auto left = in.Number<uint32_t>(); in.good() && left > 0; --left) {
        const auto miner = in.Bytes<Key>();
        const auto tickets = in.Number<uint32_t>();
        draw.entries.push_back({miner, tickets, in.Number<uint8_t>() == 1});
      }
      leaf.draws.push_back(std::move(draw));
    } else {
      MoneyRecord money;
      money.id = in.Number<uint64_t>();
      money.kind = in.Number<uint8_t>();
      money.amount = in.Number<uint64_t>();
      money.debit = in.Text(in.Number<uint16_t>());
      money.credit = in.Text(in.Number<uint16_t>());
      money.job = in.Text(in.Number<uint16_t>());
      leaf.money.push_back(std::move(money));
    }
  }
  return in.good();
}

}  // namespace

std::optional<LeafView> ReadLeaf(uint64_t index, const std::string& bytes) {
  LeafView leaf;
  leaf.index = index;
  Reader in(bytes);
  if (in.Text(8) != std::string("plleaf1\0", 8)) return std::nullopt;
  leaf.kind = in.Number<uint16_t>();
  leaf.time = in.Number<int64_t>();
  int last = -1;
  while (in.good() && !in.done()) {
    const auto number = in.Number<uint16_t>();
    const auto size = in.Number<uint32_t>();
    std::string value = in.Text(size);
    if (!in.good() || number <= last) return std::nullopt;
    last = number;
    if (number >= 101 && number <= 104) {
      if (!ReadRecords(leaf, number, value)) return std::nullopt;
    } else {
      leaf.fields[number] = std::move(value);
    }
  }
  if (!in.good()) return std::nullopt;
  return leaf;
}

}  // namespace prooflode::sim
