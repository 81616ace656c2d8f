// Getting a place in a race: the answer to our asking, the draw, and places that we want no more.
#include <algorithm>
#include <set>
#include <utility>

#include "miner/session/session.h"

namespace prooflode::miner {
namespace {

// How long after its draw a candidacy may be without news before we ask again.
constexpr Micros kDrawGrace = Seconds(5);

}  // namespace

void Session::On(const event::AcceptAnswered& answer) {
  Race* race = FindRace(answer.job, Phase::kAccepting);
  if (race == nullptr || race->request != answer.request) {
    // Given up meanwhile.
    if (answer.result != CallResult::kOk || races_.contains(answer.job)) return;
    return answer.draw_at ? Withdraw(answer.job) : GiveBack(answer.attempt);
  }
  switch (answer.result) {
    case CallResult::kRetry:
      return RetryLater(*race);
    case CallResult::kRefused:
      Refused(race->job, answer.reason, answer.balance);
      FreeDevice(answer.job);
      Erase(races_.find(answer.job));
      return;
    case CallResult::kOk:
      if (answer.draw_at) {
        race->phase = Phase::kWaiting;
        race->call_in_flight = false;
        race->backoff.Reset();
        race->resend_at = std::max(now_, LocalTime(*answer.draw_at)) + kDrawGrace;
        if (draining_ || coordinator_stops_) WithdrawCandidacies();
        return;
      }
      if (ended_.contains(answer.attempt.id)) {  // the race was over before we learned that we were in it
        FreeDevice(answer.job);
        Erase(races_.find(answer.job));
        return;
      }
      return Admitted(*race, answer.attempt);
  }
}

void Session::Refused(const OfferedJob& job, Reason reason, std::optional<Amount> balance) {
  out_.push_back(action::ReportRefused{job, reason, balance});
  if (reason != Reason::kCollateralTooLow) return;
  collateral_refused_ = job.collateral;
  collateral_refused_until_ = now_ + options_.collateral_pause;
}

// Whoever is admitted without wanting it gives the place back.
void Session::GiveBack(const AttemptRef& attempt) {
  if (ended_.contains(attempt.id)) return;
  Race late{.job = {}, .attempt = attempt, .backoff = NewBackoff()};
  late.job.id = attempt.job;
  late.since = now_;
  Release(races_.insert_or_assign(attempt.job, std::move(late)).first->second, Reason::kReleasedByMiner);
}

void Session::Withdraw(const JobId& job) { out_.push_back(action::WithdrawCandidacy{NewRequest(), job}); }

// Of all draws that are waited for.
void Session::WithdrawCandidacies() {
  for (auto it = races_.begin(); it != races_.end();) {
    if (it->second.phase != Phase::kWaiting) {
      ++it;
      continue;
    }
    Withdraw(it->first);
    FreeDevice(it->first);
    it = Erase(it);
  }
}

// Either may come before the answer to our asking.
void Session::On(const event::Admitted& admitted) {
  heard_at_ = now_;
  const auto it = races_.find(admitted.attempt.job);
  if (it == races_.end()) return GiveBack(admitted.attempt);
  Race& race = it->second;
  if (race.phase != Phase::kAccepting && race.phase != Phase::kWaiting) return;
  if (!ended_.contains(admitted.attempt.id)) return Admitted(race, admitted.attempt);
  FreeDevice(race.job.id);  // the race was over before we learned that we were in it
  Erase(it);
}

void Session::On(const event::NotDrawn& not_drawn) {
  heard_at_ = now_;
  const auto it = races_.find(not_drawn.job);
  if (it == races_.end()) return;
  if (it->second.phase != Phase::kAccepting && it->second.phase != Phase::kWaiting) return;
  Refused(it->second.job, not_drawn.reason);
  FreeDevice(not_drawn.job);
  Erase(it);
}

void Session::Admitted(Race& race, const AttemptRef& attempt) {
  race.attempt = attempt;
  race.backoff.Reset();
  race.call_in_flight = false;
  race.since = now_;
  if (draining_) return Release(race, Reason::kDraining);
  if (paused()) return Release(race, Reason::kReleasedByMiner);
  race.phase = Phase::kFetching;
  out_.push_back(action::Fetch{race.job});
}

void Session::ReconcileWaiting(const std::vector<JobId>& candidacies) {
  const std::set<JobId> waiting(candidacies.begin(), candidacies.end());
  std::vector<JobId> over;
  for (const auto& [id, race] : races_) {
    const bool listed = Count(race.since) >= Count(connect_began_) || waiting.contains(id);
    if (race.phase == Phase::kWaiting && !listed) over.push_back(id);
  }
  for (const JobId& job : over) On(event::NotDrawn{.job = job, .reason = Reason::kNotDrawn});
  // From before a crash: what we were to do with the place is forgotten.
  for (const JobId& job : waiting) {
    if (kept_.contains(job) && !races_.contains(job)) Withdraw(job);
  }
}

}  // namespace prooflode::miner
