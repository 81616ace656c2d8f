#include "miner/session/session.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace prooflode::miner {
namespace {

// How long the coordinator may take to open a stream and to say Welcome.
constexpr Micros kWelcomeLimit = Seconds(15);
constexpr Micros kHeartbeatDefault = Seconds(5);
// Either side takes the other for dead after so many silent intervals.
constexpr int kSilentHeartbeats = 4;
// Ends that are handled in between are told again after a crash, which does no harm.
constexpr Micros kKeepPlacePause = Seconds(1);
// Behind every attempt of an event.
constexpr AttemptId kLastAttempt = [] {
  AttemptId id{};
  id.fill(0xff);
  return id;
}();
// For releases on the way out.
constexpr Micros kStopGrace = Seconds(2);

}  // namespace

uint64_t MemoryNeeded(const OfferedJob& job) {
  // Six vectors of 32-byte field elements over the domain, and 64 MiB for everything of fixed size.
  constexpr uint64_t kDomainBytes = 6 * 32;
  constexpr uint64_t kFixed = 64 << 20;
  constexpr uint64_t kSane = uint64_t{1} << 50;  // sums of larger ones could wrap
  if (job.domain_size > (uint64_t{1} << 32) || job.zkey_bytes > kSane || job.witness_bytes > kSane) {
    return ~uint64_t{0};
  }
  return job.zkey_bytes + job.witness_bytes + job.domain_size * kDomainBytes + kFixed;
}

Session::Session(const SessionOptions& options, Random& random)
    : options_(options),
      random_(random),
      reconnect_({options.reconnect_min, options.reconnect_max}),
      devices_(options.devices),
      blame_(options.blame) {
  PL_CHECK(options.devices > 0);
}

void Session::Restore(const CommitRecord& record) {
  Race race{.job = {},
            .phase = Phase::kCommitting,
            .restored = true,
            .attempt = record.attempt,
            .record = record,
            .committed = true,
            .backoff = NewBackoff()};
  race.job.id = record.attempt.job;
  // Sent once Welcome says that the attempt lives.
  race.call_in_flight = true;
  races_.insert_or_assign(race.job.id, std::move(race));
}

void Session::RestoreJob(const JobId& job) { kept_.insert(job); }

std::vector<Action> Session::Handle(Micros now, const Event& event) {
  now_ = std::max(now_, now);
  out_.clear();
  if (finished_) return {};
  std::visit([this](const auto& e) { On(e); }, event);
  TakeWork();
  return std::exchange(out_, {});
}

std::vector<Session::RaceView> Session::races() const {
  std::vector<RaceView> views;
  for (const auto& [id, race] : races_) {
    views.push_back({id, race.job.circuit_name, race.job.reward, race.phase, race.since, race.worth,
                     race.job.told_chance});
  }
  return views;
}

// --- Connection ---

void Session::On(const event::Connected&) {
  link_ = Link::kOpen;
  heard_at_ = now_;
}

void Session::On(const event::Disconnected& disconnected) {
  if (link_ == Link::kDown) return;
  link_ = Link::kDown;
  // Two miners with one key that both came back at once would end each other's sessions for ever.
  replaced_ = disconnected.replaced;
  connect_at_ = now_ + (replaced_ ? options_.replaced_pause : reconnect_.Next(random_));
  // Once only: a coordinator that refuses every login is not to be hammered.
  if (disconnected.stale_login && !std::exchange(logged_in_anew_, true)) connect_at_ = now_;
  owed_credit_ = 0;
  // Offers belong to a stream; the next one brings those that still stand.
  offers_.clear();
}

// Whatever pause a long outage has led to: all who waited for this come back, each at a moment of its own.
void Session::On(const event::Reachable&) {
  if (replaced_) return;
  reconnect_.Reset();  // a try that is under way may still fail: the next comes soon
  if (link_ != Link::kDown) return;
  const auto spread = static_cast<uint64_t>(Count(options_.reconnect_spread));
  connect_at_ = std::min(connect_at_, now_ + Micros{static_cast<int64_t>(random_.Below(spread + 1))});
}

void Session::On(const event::Welcome& welcome) {
  link_ = Link::kWelcomed;
  coordinator_stops_ = false;
  logged_in_anew_ = false;
  reconnect_.Reset();
  clock_offset_ = welcome.coordinator_time - now_;
  heartbeat_interval_ =
      Count(welcome.heartbeat_interval) > 0 ? welcome.heartbeat_interval : kHeartbeatDefault;
  heartbeat_at_ = now_ + heartbeat_interval_;
  heard_at_ = now_;
  offers_.clear();
  // The first one here, or a log that has lost its end: what was handled of it is not known.
  if (!place_ || welcome.as_of_event < place_->event) {
    place_ = EndPlace{welcome.as_of_event, kLastAttempt};
    KeepPlace();  // before anything is accepted, or its end could be missed
  }
  Reconcile(welcome.live, welcome.candidacies);
  for (auto& [id, race] : races_) {
    const bool pending = race.phase == Phase::kCommitting || race.phase == Phase::kRevealing;
    if (pending && !race.call_in_flight) Send(race);
  }
  if (draining_) {
    out_.push_back(action::SendDrain{});
  } else {
    ReturnCredit(options_.offers_max);
  }
}

void Session::KeepPlace() {
  kept_place_ = place_;
  keep_place_at_ = now_ + kKeepPlacePause;
  out_.push_back(action::KeepPlace{*place_});
}

void Session::Reconcile(const std::vector<AttemptRef>& live, const std::vector<JobId>& candidacies) {
  for (auto& [id, race] : races_) {
    const AttemptRef* found = nullptr;
    for (const AttemptRef& attempt : live) {
      const bool asks = race.phase == Phase::kAccepting || race.phase == Phase::kWaiting;
      const bool same = asks ? attempt.job == id : attempt.id == race.attempt.id;
      if (same) found = &attempt;
    }
    ReconcileRace(race, found);
  }
  for (const AttemptRef& attempt : live) {
    if (FindAttempt(attempt.id) != races_.end() || races_.contains(attempt.job)) continue;
    if (attempt.state != AttemptState::kAdmitted || ended_.contains(attempt.id)) continue;
    // Another miner with the same key may be at work on those that we know nothing of.
    if (!kept_.contains(attempt.job)) continue;
    // Ours from before a crash, with nothing proven: somebody else shall have the place.
    Race race{.job = {}, .attempt = attempt, .backoff = NewBackoff()};
    race.job.id = attempt.job;
    race.since = now_;
    Release(races_.insert_or_assign(attempt.job, std::move(race)).first->second, Reason::kReleasedByMiner);
  }
  ReconcileWaiting(candidacies);
  for (const JobId& job : std::exchange(kept_, {})) {
    if (!races_.contains(job)) out_.push_back(action::ForgetJob{job});
  }
}

void Session::ReconcileRace(Race& race, const AttemptRef* live) {
  if (live == nullptr) {
    // An acceptance may be in flight, and one that was answered after this stream was begun may be younger
    // than the list.
    if (race.phase == Phase::kAccepting || race.phase == Phase::kWaiting || race.phase == Phase::kReleasing) {
      return;
    }
    if (!race.restored && Count(race.since) >= Count(connect_began_)) return;
    if (race.expired) return;  // not live, and yet not over
    if (race.phase != Phase::kGone) Abandon(race);
    race.refused = false;
    race.drop_at = std::min(race.drop_at, race.settled_at);
    return;
  }
  if (race.phase == Phase::kAccepting || race.phase == Phase::kWaiting) {
    if (!ended_.contains(live->id)) Admitted(race, *live);
    return;
  }
  race.attempt.fence = live->fence;
  race.record.attempt.fence = live->fence;
  if (race.refused && live->state == AttemptState::kAdmitted) {
    race.phase = Phase::kCommitting;
    race.refused = false;
    race.refusal.clear();
    Send(race);
  } else if (race.phase == Phase::kCommitting && race.restored) {
    race.call_in_flight = false;
    Send(race);
  } else if (race.phase == Phase::kRevealing &&
             (live->state == AttemptState::kRevealed || live->state == AttemptState::kValid)) {
    race.phase = Phase::kAwaiting;
  }
}

void Session::On(const event::HeartbeatSeen&) { heard_at_ = now_; }

void Session::On(const event::CoordinatorStops& stops) {
  heard_at_ = now_;
  coordinator_stops_ = true;
  owed_credit_ = 0;
  offers_.clear();  // what is begun now might not be committed in time; the next session brings them again
  WithdrawCandidacies();
  out_.push_back(action::ReportCoordinatorStops{std::max(LocalTime(stops.stops_at) - now_, Micros{})});
}

void Session::On(const event::Drain&) {
  if (draining_) return;
  draining_ = true;
  stop_at_ = now_ + options_.stop_timeout;
  offers_.clear();
  if (link_ == Link::kWelcomed) out_.push_back(action::SendDrain{});
  WithdrawCandidacies();
}

void Session::On(const event::Tick&) {
  TickLink();
  TickRaces();
  if (place_ != kept_place_ && now_ >= keep_place_at_) KeepPlace();
  TickBreaker();
  if (draining_) TickStop();
}

void Session::TickLink() {
  switch (link_) {
    case Link::kDown:
      if (!replaced_ && CallsPending()) {
        connect_at_ = std::min(connect_at_, now_ + options_.reconnect_urgent);
      }
      if (now_ < connect_at_) return;
      link_ = Link::kConnecting;
      connect_began_ = now_;
      heard_at_ = now_;
      out_.push_back(action::Connect{place_});
      return;
    case Link::kConnecting:
    case Link::kOpen:
      if (now_ - heard_at_ > kWelcomeLimit) {
        out_.push_back(action::Disconnect{"no welcome from the coordinator"});
        heard_at_ = now_;
      }
      return;
    case Link::kWelcomed:
      if (now_ >= heartbeat_at_) {
        heartbeat_at_ = now_ + heartbeat_interval_;
        out_.push_back(action::SendHeartbeat{});
      }
      if (now_ - heard_at_ > Micros{Count(heartbeat_interval_) * kSilentHeartbeats}) {
        out_.push_back(action::Disconnect{"no heartbeat from the coordinator"});
        heard_at_ = now_;
      }
      return;
  }
}

void Session::TickStop() {
  if (now_ >= stop_at_) {
    for (auto& [id, race] : races_) {
      if (race.phase == Phase::kFetching || race.phase == Phase::kProving) Release(race, Reason::kDraining);
    }
  }
  const bool calls_left = std::any_of(races_.begin(), races_.end(), [](const auto& entry) {
    const Phase phase = entry.second.phase;
    return phase != Phase::kAwaiting && phase != Phase::kGone;
  });
  // A verdict is waited for until the stop's limit; calls get a little longer.
  const bool settled = std::all_of(races_.begin(), races_.end(), [this](const auto& entry) {
    return entry.second.phase == Phase::kGone && now_ >= entry.second.settled_at;
  });
  const bool done = settled || (now_ >= stop_at_ && !calls_left) || now_ >= stop_at_ + kStopGrace;
  if (!done) return;
  finished_ = true;
  if (place_ != kept_place_) KeepPlace();
  out_.push_back(action::Finished{});
}

// --- Offers ---

void Session::On(const event::Offer& offer) {
  heard_at_ = now_;
  if (draining_) return;
  const OfferedJob& job = offer.job;
  if (races_.contains(job.id) || offers_.contains(job.id)) return ReturnCredit(1);
  if (const auto reason = Unfit(job)) {
    if (*reason == Reason::kTooSlow) predictor_.Skipped(job);
    return Skip(job, *reason);
  }
  offers_.emplace(job.id, job);
  out_.push_back(action::ReportNewJob{job, WorthOf(job)});
}

void Session::On(const event::OfferWithdrawn& withdrawn) {
  heard_at_ = now_;
  if (offers_.erase(withdrawn.job) > 0) ReturnCredit(1);
  const auto race = races_.find(withdrawn.job);
  if (race != races_.end() && race->second.expired && withdrawn.reason != Reason::kRaceFull) {
    Abandon(race->second);
  }
}

Micros Session::Expected(const OfferedJob& job) const {
  return predictor_.FetchTime(job) + predictor_.ProveTime(job);
}

Prospect Session::ProspectOf(const OfferedJob& job) const {
  Prospect prospect{.place = job.place_chance, .wait = job.draw_window, .predicted = Expected(job)};
  prospect.win = WinChance(job.deciles, prospect.predicted, job.rivals);
  return prospect;
}

Worth Session::WorthOf(const OfferedJob& job) const {
  const Prospect prospect = ProspectOf(job);
  return {.predicted = prospect.predicted,
          .place = prospect.place,
          .chance = prospect.win,
          .expected = ExpectedValue(job.reward, prospect),
          .per_hour = ExpectedPerHour(job.reward, prospect)};
}

void Session::Skip(const OfferedJob& job, Reason reason) {
  out_.push_back(action::ReportSkipped{job, reason});
  if (link_ == Link::kWelcomed) out_.push_back(action::Decline{job.id, reason});
  ReturnCredit(1);
}

std::optional<Reason> Session::Unfit(const OfferedJob& job) const {
  if (!job.supported || job.format > kCircuitFormatMax) return Reason::kUnsupported;
  if (blame_.Failed(job.id)) return Reason::kFailedBefore;
  if (blame_.Aside(now_, job.circuit)) return Reason::kCircuitAside;
  if (job.reward < options_.reward_min) return Reason::kRewardTooLow;
  if (MemoryNeeded(job) > options_.memory_bytes) return Reason::kMemory;
  if (job.zkey_bytes + job.witness_bytes > files_room_) return Reason::kDisk;  // no wrap: above
  const double expected_us = static_cast<double>(Count(Expected(job))) * options_.deadline_margin;
  const double left_us = static_cast<double>(Count(LocalTime(job.deadline_at) - now_ - job.draw_window));
  if (expected_us > left_us) return Reason::kTooSlow;
  if (Count(job.lease) > 0 && expected_us > static_cast<double>(Count(job.lease))) return Reason::kTooSlow;
  if (WorthOf(job).per_hour < options_.per_hour_min) return Reason::kExpectedValueTooLow;
  return std::nullopt;
}

void Session::DropUnfitOffers() {
  for (auto it = offers_.begin(); it != offers_.end();) {
    const auto reason = Unfit(it->second);
    if (!reason) {
      ++it;
      continue;
    }
    const OfferedJob job = std::move(it->second);
    it = offers_.erase(it);
    Skip(job, *reason);
  }
}

// Such offers wait: the balance may soon have the collateral of what is being proven again.
bool Session::IsBeyondBalance(const OfferedJob& job) const {
  return now_ < collateral_refused_until_ && job.collateral >= collateral_refused_;
}

void Session::TakeWork() {
  if (link_ != Link::kWelcomed || draining_ || coordinator_stops_ || finished_) return;
  DropUnfitOffers();
  if (paused()) return;
  for (auto& device : devices_) {
    if (device || offers_.empty()) continue;
    // Most expected value for the time it takes; not a job whose earlier attempt some device is still
    // stopping.
    const auto rate = [this](const auto& offer) {
      if (DeviceOf(offer.first) || IsBeyondBalance(offer.second)) return -1.0;
      return ValuePerHour(offer.second.reward, ProspectOf(offer.second));
    };
    const auto best = std::max_element(offers_.begin(), offers_.end(),
                                       [&](const auto& a, const auto& b) { return rate(a) < rate(b); });
    if (rate(*best) < 0) return;
    Race race{.job = best->second,
              .worth = WorthOf(best->second),
              .phase = Phase::kAccepting,
              .request = NewRequest(),
              .backoff = NewBackoff()};
    race.since = now_;
    race.predicted = Expected(race.job);
    device = race.job.id;
    offers_.erase(best);
    ReturnCredit(1);
    const JobId id = race.job.id;
    Send(races_.insert_or_assign(id, std::move(race)).first->second);
  }
}

void Session::ReturnCredit(uint32_t offers) {
  if (link_ != Link::kWelcomed || draining_ || coordinator_stops_ || offers == 0) return;
  if (paused()) {
    owed_credit_ += offers;
  } else {
    out_.push_back(action::SendCredit{offers});
  }
}

}  // namespace prooflode::miner
