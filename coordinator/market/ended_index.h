// Ends of attempts in the order in which they went into the log: what a miner is told, and told again after
// it was away. Derived from the attempts' rows, so a restart changes nothing of it.
#pragma once

#include <compare>
#include <map>
#include <vector>

#include "coordinator/market/types.h"

namespace prooflode::market {

// Where an attempt's end stands among all ends. One leaf may end several attempts; those stand by their id.
struct EndPlace {
  LeafIndex leaf = 0;  // Attempt::changed_by
  AttemptId attempt{};
  friend auto operator<=>(const EndPlace&, const EndPlace&) = default;
};

inline EndPlace PlaceOf(const Attempt& ended) { return {ended.changed_by, ended.id}; }

class EndedIndex {
 public:
  // Every attempt that has been written, whatever its state; in log order. Constant time but for those of the
  // same leaf.
  void Note(const Attempt& attempt);
  // The same in any order; Sort must follow before anything else.
  void NoteLoaded(const Attempt& attempt);
  void Sort();

  // Of one miner, rising. An attempt that went on after its end (a late commit) has a place that is out of
  // date here: compare it with PlaceOf.
  const std::vector<EndPlace>& Of(const Identity& miner) const;

 private:
  std::map<Identity, std::vector<EndPlace>> of_miner_;
};

}  // namespace prooflode::market
