// The engine's outbox: carries what the market did to sessions, watchers and directories. Made before the
// engine, which publishes into it; copies what it needs on the engine thread and does the rest on its own.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "base/env.h"
#include "base/metrics.h"
#include "coordinator/api/directory.h"
#include "coordinator/api/dispatcher.h"
#include "coordinator/api/offer_book.h"
#include "coordinator/api/sessions.h"
#include "coordinator/api/watchers.h"
#include "coordinator/engine/ports.h"

namespace prooflode::api {

class Broadcaster final : public engine::Outbox {
 public:
  // `clock` and `random` must outlive it and be thread-safe.
  Broadcaster(const SessionOptions& options, Clock& clock, Random& random, MetricFactory& metrics);

  // On the engine thread.
  void Publish(const market::Market& market, const std::vector<market::Effect>& effects) override;
  // Once, on the engine thread, before the first session: what was there when the coordinator started.
  void Load(const market::Market& market);

  // Runs `task` on the dispatcher's thread, where sessions() and watchers() may be used.
  void Post(std::function<void()> task) { dispatcher_.Post(std::move(task)); }
  // Runs `task` about once a second on that thread from now on, instead of the one before.
  void SetTick(std::function<void()> task) {
    dispatcher_.Post([this, task = std::move(task)] { tick_ = task; });
  }
  SessionRegistry& sessions() { return sessions_; }
  WatcherRegistry& watchers() { return watchers_; }

  OfferBook& offers() { return offers_; }
  CircuitDirectory& circuits() { return circuits_; }
  JobDirectory& jobs() { return jobs_; }
  // Watches under way, also those that are just being opened: changes are copied only while there are some.
  // Raise it before the engine is asked for the present state.
  std::atomic<int>& watch_count() { return watch_count_; }

 private:
  using Task = std::function<void()>;
  void Add(const market::Market& market, const market::Effect& effect, std::vector<Task>& tasks);
  Task Opened(const market::Market& market, const market::Job& job);
  std::optional<Estimator::Proof> LearnedFrom(const market::Market& market,
                                              const market::Attempt& ended) const;
  void AddEnds(const market::Market& market, const std::vector<market::Effect>& effects,
               std::vector<Task>& tasks);

  CircuitDirectory circuits_;
  JobDirectory jobs_;
  OfferBook offers_;
  SessionRegistry sessions_;
  WatcherRegistry watchers_;
  std::atomic<int> watch_count_{0};
  Clock& clock_;
  Histogram& broadcast_seconds_;
  Micros checked_at_{};         // liveness; the dispatcher's
  std::function<void()> tick_;  // the dispatcher's
  Dispatcher dispatcher_;       // last: its thread ends first
};

}  // namespace prooflode::api
