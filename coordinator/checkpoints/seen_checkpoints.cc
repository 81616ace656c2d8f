#include "coordinator/checkpoints/seen_checkpoints.h"

#include <algorithm>
#include <tuple>

#include "base/log.h"

namespace prooflode::checkpoints {

SeenCheckpoints::SeenCheckpoints(const transparency::LogKeys& keys, const engine::LogTree& log,
                                 MetricFactory& metrics)
    : keys_(keys),
      log_(log),
      conflicts_counter_(metrics.GetCounter(
          "prooflode_coordinator_checkpoint_conflicts_total",
          "Checkpoints that carry this log's signature and that this log contradicts, shown by others")) {}

StatusOr<bool> SeenCheckpoints::Put(const PublicKey& by, std::string_view note, Micros now) {
  PL_ASSIGN_OR_RETURN(const transparency::OpenedCheckpoint opened, keys_.Open(note));
  const Seen seen{std::string(note), opened.checkpoint.head, by, now};
  const StatusOr<transparency::TreeHead> ours = log_.HeadAt(seen.head.size);
  MutexLock lock(mutex_);
  if (!ours.ok() || *ours != seen.head) {
    const bool known = std::any_of(conflicts_.begin(), conflicts_.end(),
                                   [&seen](const Seen& other) { return other.head == seen.head; });
    if (!known) {
      conflicts_counter_.Increment();
      LogError("checkpoints",
               "%s was shown a checkpoint of %d leaves with our signature that our log contradicts: somebody "
               "else has the key, or history was changed",
               HexEncode(by), seen.head.size);
      if (conflicts_.size() < kConflicts) conflicts_.push_back(seen);
    }
    return false;
  }
  OfOne& mine = of_[by];
  if (mine.place != 0) by_age_.erase(mine.place);
  mine.place = next_place_++;
  by_age_[mine.place] = by;
  std::erase_if(mine.seen, [&seen](const Seen& other) { return other.head == seen.head; });
  mine.seen.push_back(seen);
  if (mine.seen.size() > kPerIdentity) mine.seen.erase(mine.seen.begin());
  if (of_.size() > kIdentities) {
    of_.erase(by_age_.begin()->second);
    by_age_.erase(by_age_.begin());
  }
  return true;
}

std::vector<SeenCheckpoints::Seen> SeenCheckpoints::List(size_t count_max) const {
  MutexLock lock(mutex_);
  std::vector<Seen> all;
  for (const auto& [identity, mine] : of_) all.insert(all.end(), mine.seen.begin(), mine.seen.end());
  std::sort(all.begin(), all.end(), [](const Seen& a, const Seen& b) {
    return std::tuple(b.head.size, a.at, a.by) < std::tuple(a.head.size, b.at, b.by);
  });
  // What is left agrees with our log, so a size has one root.
  const auto end =
      std::unique(all.begin(), all.end(), [](const Seen& a, const Seen& b) { return a.head == b.head; });
  all.erase(end, all.end());
  all.insert(all.begin(), conflicts_.begin(), conflicts_.end());
  if (all.size() > count_max) all.resize(count_max);
  return all;
}

}  // namespace prooflode::checkpoints
