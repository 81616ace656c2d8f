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
  if (entry->cancelled_by == std::this_thread::get_id()) {
    entry->left = true;  // CancelIdle, below us on this stack, erases it
    return;
  }
  while (entry->cancelled_by != std::thread::id()) cancelled_.Wait(mutex_);
  Erase(entry);
}

void TransferTable::Erase(std::list<Entry>::iterator entry) {
  const auto count = count_of_.find(entry->identity);
  if (--count->second == 0) count_of_.erase(count);
  entries_.erase(entry);
}

void TransferTable::CancelIdle() {
  const Micros now = clock_.MonotonicNow();
  mutex_.Lock();
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto current = entry;
    if (now - current->moved_at >= limits_.idle_max) {
      current->cancelled_by = std::this_thread::get_id();
      mutex_.Unlock();
      current->cancel();
      mutex_.Lock();
      current->cancelled_by = {};
      cancelled_.NotifyAll();
    }
    ++entry;  // others may have come and gone meanwhile, but not the current one
    if (current->left) Erase(current);
  }
  mutex_.Unlock();
}

}  // namespace prooflode::api
