// The future of a simulated world: what happens next, by time and then by the order in which it was planned.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "base/env.h"

namespace prooflode::sim {

// Simulated time, for the parts under test: a monotonic clock, and a calendar that a fault may shift.
class WorldClock final : public Clock {
 public:
  Micros MonotonicNow() override { return now_; }
  Micros WallNow() override { return now_ + shift_; }
  void Sleep(Micros) override {}
  void AdvanceTo(Micros time) { now_ = std::max(now_, time); }
  void Jump(Micros by) { shift_ = std::max(shift_ + by, Seconds(-900'000)); }

 private:
  Micros now_ = Seconds(1'000'000);
  Micros shift_{};
};

class Events {
 public:
  using Action = std::function<void()>;

  explicit Events(WorldClock& clock) : clock_(clock) {}

  Micros now() const { return clock_.MonotonicNow(); }
  void After(Micros delay, Action action) {
    heap_.push_back({now() + std::max(delay, Micros{}), planned_++, std::move(action)});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }
  bool empty() const { return heap_.empty(); }
  // When the next one happens. Not empty().
  Micros next() const { return heap_.front().time; }
  // Moves the clock to the next one and lets it happen. Not empty().
  void Step() {
    std::pop_heap(heap_.begin(), heap_.end(), Later);
    const Event event = std::move(heap_.back());
    heap_.pop_back();
    clock_.AdvanceTo(event.time);
    ++happened_;
    event.action();
  }
  uint64_t happened() const { return happened_; }

 private:
  struct Event {
    Micros time{};
    uint64_t order = 0;
    Action action;
  };
  static bool Later(const Event& a, const Event& b) {
    return a.time != b.time ? a.time > b.time : a.order > b.order;
  }

  WorldClock& clock_;
  std::vector<Event> heap_;
  uint64_t planned_ = 0;
  uint64_t happened_ = 0;
};

}  // namespace prooflode::sim
