// Who gets the places of a job: asking for one, the draw, capacity, and losing a place before its time.
#include <algorithm>

#include "coordinator/market/draw.h"
#include "coordinator/market/state.h"

namespace prooflode::market {

namespace {

constexpr uint32_t kCandidatesMax = 10'000;  // in one draw: hashing them all stays below some 50 ms
constexpr uint32_t kPlacesLostCounted = 16;  // halved so often, every number of slots is one

Candidacy CandidacyOf(const Stamped& in, const AcceptOffer& command) {
  return {.job = command.job,
          .miner = in.origin.identity,
          .leaf = in.leaf_index,
          .entered_at = in.now,
          .predicted = command.predicted,
          .residency = command.residency};
}

// What a proof in the predicted time would be too late for; nullopt where it is in time or the time unknown.
std::optional<Refusal> TooSlow(const Stamped& in, const Job& job, Micros predicted) {
  if (Count(predicted) < 0) {
    return Refuse(RefusalCode::kInvalidArgument,
                  absl::StrCat("predicted_us: ", Count(predicted), ", want at least 0"));
  }
  const auto slow = [&](Micros limit, const char* what) {
    return Refuse(
        RefusalCode::kFailedPrecondition,
        absl::StrCat("predicted_us: ", Count(predicted), ", want at most ", Count(limit), " for the ", what),
        Reason::kTooSlow);
  };
  if (predicted > job.deadline_at - in.now) return slow(job.deadline_at - in.now, "deadline");
  if (job.policy.lease && predicted > job.policy.lease->lease) return slow(job.policy.lease->lease, "lease");
  return std::nullopt;
}

}  // namespace

uint32_t State::PlacesOf(const Job& job) const {
  const bool second = job.policy.lease && job.policy.lease->hedged && OfJob(job.id).late > 0;
  return Width(job.policy) + (second ? 1 : 0);
}

bool State::HasRoom(const Job& job) const {
  return Width(job.policy) == 0 || OfJob(job.id).live < PlacesOf(job);
}

bool State::IsResident(const Candidacy& candidacy, const Job& job) const {
  return job.policy.lease && candidacy.residency >= Residency::kDisk &&
         proven_by_.contains({candidacy.miner, job.circuit});
}

std::optional<Refusal> State::CheckCapacity(const Stamped& in, uint32_t slots) const {
  const auto live = live_of_miner_.find(in.origin.identity);
  const auto waiting = candidate_at_.find(in.origin.identity);
  const size_t candidacies = waiting == candidate_at_.end() ? 0 : waiting->second.size();
  size_t held = candidacies;
  size_t working = candidacies;
  if (live != live_of_miner_.end()) {
    held += live->second.size();
    working += static_cast<size_t>(std::count_if(
        live->second.begin(), live->second.end(),
        [this](const AttemptId& id) { return attempts_.at(id).state == AttemptState::kAdmitted; }));
  }
  const auto refuse = [](size_t count, uint64_t limit, const char* why) {
    return Refuse(RefusalCode::kResourceExhausted,
                  absl::StrCat("live attempts and candidacies: ", count, ", want below ", limit, why));
  };
  const uint32_t cap = rules_.live_attempts_per_miner_max;
  if (held >= cap) return refuse(held, cap, "");
  const auto standing = standings_.find(in.origin.identity);
  const uint32_t lost = standing == standings_.end() ? 0 : standing->second.places_lost;
  const uint32_t declared = slots == 0 ? cap : std::min(slots, cap);
  const uint32_t shown = std::max(declared >> std::min(lost, kPlacesLostCounted), 1U);
  if (working >= shown) return refuse(working, shown, lost > 0 ? ": this miner has let places expire" : "");
  return std::nullopt;
}

Answer State::Apply(const Stamped& in, const AcceptOffer& command) {
  const Job* job = FindJob(command.job);
  if (job == nullptr) return Refuse(RefusalCode::kNotFound, "job_id: no such job");
  if (std::optional<Answer> earlier = FromEarlierAttempts(in, *job)) return *std::move(earlier);
  if (const auto waiting = candidacies_.find({command.job, in.origin.identity});
      waiting != candidacies_.end()) {
    return CandidacyAnswer{waiting->second, *job};
  }
  if (job->state != JobState::kOpen || IsPast(in.now, job->deadline_at)) {
    return Refuse(RefusalCode::kFailedPrecondition, "job_id: no longer open", Reason::kJobClosed);
  }
  if (auto refusal = TooSlow(in, *job, command.predicted)) return *std::move(refusal);
  const uint32_t racers = OfJob(command.job).live;
  if (!HasRoom(*job)) {
    return Refuse(RefusalCode::kFailedPrecondition,
                  absl::StrCat("job_id: ", racers, " of ", PlacesOf(*job), " racers admitted"),
                  Reason::kRaceFull);
  }
  if (auto refusal = CheckCapacity(in, command.slots)) return *std::move(refusal);
  const Candidacy candidacy = CandidacyOf(in, command);
  if (Width(job->policy) != 0 && Count(rules_.draw_window) != 0) return EnterDraw(in, *job, candidacy);
  AttemptId id;
  std::copy_n(in.entropy.begin(), id.bytes.size(), id.bytes.begin());
  if (auto refusal = Admit(in, candidacy, id)) return *std::move(refusal);
  const Job& changed = jobs_.at(command.job);
  if (!HasRoom(changed)) effects_.push_back(RaceFull{changed.id});
  return AttemptAnswer{attempts_.at(id), changed};
}

std::optional<Refusal> State::Admit(const Stamped& in, const Candidacy& candidacy, const AttemptId& id) {
  // Cannot be in a log that an engine wrote; one made up by others may try.
  if (attempts_.contains(id)) return Refuse(RefusalCode::kAlreadyExists, "attempt_id: there is one already");
  Job job = jobs_.at(candidacy.job);
  Attempt attempt;
  attempt.id = id;
  attempt.job = job.id;
  attempt.miner = candidacy.miner;
  attempt.fence = in.leaf_index;
  attempt.admitted_at = in.now;
  attempt.predicted = candidacy.predicted;
  attempt.residency = candidacy.residency;
  if (job.policy.lease) {
    const Micros lease = job.policy.lease->lease;
    attempt.expires_at = in.now + lease;
    // Half its lease for a miner that did not say how long it takes.
    const Micros expected = Count(candidacy.predicted) == 0
                                ? Micros{Count(lease) / 2}
                                : Micros{Count(candidacy.predicted) * rules_.late_percent / 100};
    if (job.policy.lease->hedged) attempt.late_at = in.now + std::max(expected, Micros{1});
  } else if (job.policy.race.width != 0) {
    attempt.expires_at = in.now + rules_.race_place;  // or a silent miner kept others out until the deadline
  }
  attempt.changed_by = in.leaf_index;
  if (auto refusal = HoldCollateral(in, job, attempt)) return refusal;
  PutAttempt(std::move(attempt));
  ++job.racer_count;
  ChangeJob(in, std::move(job));
  return std::nullopt;
}

Answer State::EnterDraw(const Stamped& in, Job job, const Candidacy& candidacy) {
  const auto first = candidacies_.lower_bound({job.id, Identity{}});
  if (first == candidacies_.end() || first->first.first != job.id) {
    job.draw_at = in.now + rules_.draw_window;
    ChangeJob(in, job);
  } else if (OfJob(job.id).candidates >= kCandidatesMax) {
    return Refuse(RefusalCode::kResourceExhausted,
                  absl::StrCat("job_id: ", kCandidatesMax, " candidates wait for its draw already"));
  }
  PutCandidacy(candidacy);
  return CandidacyAnswer{candidacy, std::move(job)};
}

Answer State::Apply(const Stamped& in, const WithdrawCandidacy& command) {
  const auto it = candidacies_.find({command.job, in.origin.identity});
  if (it == candidacies_.end()) {
    return Refuse(RefusalCode::kNotFound, "job_id: this miner is no candidate for it");
  }
  EraseCandidacy(it->second);
  return Done{};
}

std::vector<Candidacy> State::CandidatesOf(const JobId& job) const {
  std::vector<Candidacy> candidates;
  for (auto it = candidacies_.lower_bound({job, Identity{}});
       it != candidacies_.end() && it->first.first == job; ++it) {
    candidates.push_back(it->second);
  }
  return candidates;
}

void State::EndCandidacies(const Stamped& in, const JobId& job, Reason reason) {
  for (const Candidacy& candidacy : CandidatesOf(job)) {
    effects_.push_back(NotDrawn{job, candidacy.miner, in.leaf_index, reason});
    EraseCandidacy(candidacy);
  }
}

void State::Draw(const Stamped& in, JobId id) {
  Job job = jobs_.at(id);
  const uint32_t live = OfJob(id).live;
  const uint32_t places = PlacesOf(job) - std::min(PlacesOf(job), live);
  DrawRecord record{.job = id, .number = job.draw_count, .places = places, .entries = {}};
  ++job.draw_count;
  job.draw_at = {};
  ChangeJob(in, job);

  std::map<Identity, Candidacy> candidates;
  std::vector<DrawCandidate> lots;
  for (const Candidacy& candidacy : CandidatesOf(id)) {
    const auto standing = standings_.find(candidacy.miner);
    const uint32_t lost = standing == standings_.end() ? 0 : standing->second.draws_lost;
    lots.push_back({candidacy.miner, TicketsOf(lost, IsResident(candidacy, job))});
    candidates.emplace(candidacy.miner, candidacy);
    EraseCandidacy(candidacy);
  }
  Drawn drawn{.job = id, .candidates = static_cast<uint32_t>(lots.size())};
  for (const DrawCandidate& lot : lots) drawn.tickets += lot.tickets;
  effects_.push_back(drawn);
  uint32_t taken = 0;
  for (const DrawCandidate& lot : DrawOrder(job.draw_seed, record.number, std::move(lots))) {
    const AttemptId attempt = DrawnAttemptId(job.draw_seed, record.number, lot.miner);
    Reason reason = Reason::kNotDrawn;
    bool admitted = false;
    if (taken < places) {
      const std::optional<Refusal> refusal = Admit(in, candidates.at(lot.miner), attempt);
      admitted = !refusal.has_value();
      if (refusal) reason = refusal->reason;
    }
    taken += admitted ? 1 : 0;
    record.entries.push_back({lot.miner, lot.tickets, admitted});
    if (admitted) {
      effects_.push_back(Admitted{attempt});
    } else {
      effects_.push_back(NotDrawn{id, lot.miner, in.leaf_index, reason});
    }
    if (places > 0) NoteDraw(lot.miner, admitted);
  }
  changes_.draws.push_back(std::move(record));
  if (!HasRoom(jobs_.at(id))) effects_.push_back(RaceFull{id});
}

void State::NoteDraw(const Identity& miner, bool admitted) {
  Standing standing = StandingOf(miner);
  standing.draws_lost = admitted ? 0 : std::min(standing.draws_lost + 1, kAgeingMax);
  PutStanding(standing);
}

void State::NotePlace(const Identity& miner, bool lost) {
  Standing standing = StandingOf(miner);
  if (lost) {
    standing.places_lost = std::min(standing.places_lost + 1, kPlacesLostCounted);
  } else if (standing.places_lost > 0) {
    --standing.places_lost;
  }
  PutStanding(standing);
}

// The same end as that of a place whose time is over: the proof still counts if it comes.
Answer State::Apply(const Stamped& in, const HolderSilent& command) {
  const auto it = attempts_.find(command.attempt);
  if (it == attempts_.end()) return Refuse(RefusalCode::kNotFound, "attempt_id: no such attempt");
  const Attempt attempt = it->second;
  const Job& job = jobs_.at(attempt.job);
  if (attempt.state != AttemptState::kAdmitted || Width(job.policy) == 0 || in.now < no_expiry_before_) {
    return Refuse(RefusalCode::kFailedPrecondition, "attempt_id: holds no place that it could lose",
                  attempt.reason);
  }
  EndAttempt(in, attempt, AttemptState::kTimedOut, Reason::kLeaseExpired);
  OfferAgainIfRoom(attempt.job, in.now);
  return Done{};
}

}  // namespace prooflode::market
