#include "coordinator/market/ended_index.h"

#include <algorithm>

namespace prooflode::market {

void EndedIndex::Note(const Attempt& attempt) {
  if (IsLive(attempt.state)) return;
  std::vector<EndPlace>& places = of_miner_[attempt.miner];
  const EndPlace place = PlaceOf(attempt);
  auto after = places.end();
  while (after != places.begin() && place < *std::prev(after)) --after;
  if (after != places.begin() && *std::prev(after) == place) return;
  places.insert(after, place);
}

void EndedIndex::NoteLoaded(const Attempt& attempt) {
  if (!IsLive(attempt.state)) of_miner_[attempt.miner].push_back(PlaceOf(attempt));
}

void EndedIndex::Sort() {
  for (auto& [miner, places] : of_miner_) std::sort(places.begin(), places.end());
}

const std::vector<EndPlace>& EndedIndex::Of(const Identity& miner) const {
  static const std::vector<EndPlace> kNone;
  const auto it = of_miner_.find(miner);
  return it == of_miner_.end() ? kNone : it->second;
}

}  // namespace prooflode::market
