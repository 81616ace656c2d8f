#include "coordinator/api/transfer_table.h"

#include <utility>

namespace prooflode::api {

void TransferTable::Place::Moved() {
  MutexLock lock(table_.mutex_);
  entry_->moved_at = table_.clock_.MonotonicNow();
}

std::unique_ptr<TransferTable::Place> TransferTable::Enter(const market::Identity& identity,
                                                           std::function<void()> cancel) {
  MutexLock lock(mutex_);
  const auto count = count_of_.find(identity);
  if (entries_.size() >= limits_.most) return nullptr;
  if (count != count_of_.end() && count->second >= limits_.most_per_identity) return nullptr;
  ++count_of_[identity];
  entries_.push_back({identity, std::move(cancel), clock_.MonotonicNow()});
  return std::unique_ptr<Place>(new Place(*this, std::prev(entries_.end())));
}

void TransferTable::Leave(std::list<Entry>::iterator entry) {
  MutexLock lock(mutex_);
  const auto count = count_of_.find(entry->identity);
  if (--count->second == 0) count_of_.erase(count);
  entries_.erase(entry);
}

void TransferTable::CancelIdle() {
  const Micros now = clock_.MonotonicNow();
  MutexLock lock(mutex_);
  for (const Entry& entry : entries_) {
    if (now - entry.moved_at >= limits_.idle_max) entry.cancel();
  }
}

}  // namespace prooflode::api
