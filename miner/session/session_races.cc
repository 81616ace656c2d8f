// The life of one race: accept, fetch, prove, commit, reveal, verdict.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "miner/session/session.h"

namespace prooflode::miner {
namespace {

constexpr size_t kEndedMax = 1024;
// How long an AttemptEnded may come after we know that an attempt is over, before it is counted as unknown.
constexpr Micros kGoneGrace = Seconds(10);
// How long after its deadline a job is surely decided.
constexpr Micros kDecidedGrace = Seconds(120);
// A worker is taken for hung after ten times the predicted time, and never before a minute.
constexpr int kHangFactor = 10;
constexpr Micros kHangMin = Seconds(60);
// Slower than any disk or processor that proves in time.
constexpr uint64_t kKeyBytesPerSecondMin = 2'000'000;
// How long a commit that was refused is kept when its job's deadline is not known.
constexpr Micros kRefusedKept = Seconds(3600);

}  // namespace

const char* PhaseText(Session::Phase phase) {
  switch (phase) {
    case Session::Phase::kAccepting:
      return "accepting";
    case Session::Phase::kWaiting:
      return "waiting for the draw";
    case Session::Phase::kFetching:
      return "fetching";
    case Session::Phase::kProving:
      return "proving";
    case Session::Phase::kCommitting:
      return "committing";
    case Session::Phase::kRevealing:
      return "revealing";
    case Session::Phase::kAwaiting:
      return "awaiting verdict";
    case Session::Phase::kReleasing:
      return "releasing";
    case Session::Phase::kGone:
      return "over";
  }
  return "unknown";
}

// --- Calls ---

RequestId Session::NewRequest() {
  RequestId id;
  random_.Fill(id);
  return id;
}

void Session::Send(Race& race) {
  race.call_in_flight = true;
  switch (race.phase) {
    case Phase::kAccepting:
      out_.push_back(action::Accept{.request = race.request,
                                    .job = race.job.id,
                                    .circuit = race.job.circuit,
                                    .format = race.job.format,
                                    .predicted = race.predicted,
                                    .key_here = race.job.key_here});
      return;
    case Phase::kCommitting:
      out_.push_back(action::Commit{race.record});
      return;
    case Phase::kRevealing:
      out_.push_back(action::Reveal{race.record});
      return;
    case Phase::kReleasing:
      out_.push_back(action::Release{race.request, race.attempt, race.release_reason});
      return;
    case Phase::kWaiting:
    case Phase::kFetching:
    case Phase::kProving:
    case Phase::kAwaiting:
    case Phase::kGone:
      race.call_in_flight = false;
      return;
  }
}

void Session::RetryLater(Race& race) {
  race.call_in_flight = false;
  race.resend_at = now_ + race.backoff.Next(random_);
}

void Session::On(const event::ArtifactsReady& ready) {
  Race* race = FindRace(ready.job, Phase::kFetching);
  if (race == nullptr) return;
  predictor_.Fetched(ready.fetched_bytes, ready.fetch_time);
  const auto device = DeviceOf(ready.job);
  PL_CHECK(device.has_value());
  race->phase = Phase::kProving;
  const Micros load_limit = Seconds(static_cast<int64_t>(race->job.zkey_bytes / kKeyBytesPerSecondMin));
  const Micros limit = std::max(kHangMin, Micros{Count(predictor_.ProveTime(race->job)) * kHangFactor});
  out_.push_back(action::Prove{race->job, *device, limit + load_limit, load_limit});
}

void Session::On(const event::ArtifactsFailed& failed) {
  Race* race = FindRace(failed.job, Phase::kFetching);
  if (race == nullptr) return;
  FreeDevice(failed.job);
  race->phase = Phase::kReleasing;  // no work is left to stop
  Release(*race, Reason::kReleasedByMiner);
  Failed(race->job, failed.job_at_fault ? Blame::Fault::kJob : Blame::Fault::kDevice, failed.message);
}

void Session::Failed(const OfferedJob& job, Blame::Fault fault, const std::string& message) {
  out_.push_back(action::ReportFailed{job.id, message, fault == Blame::Fault::kJob});
  if (blame_.JobFailed(now_, job, fault)) {
    out_.push_back(action::ReportAside{job.circuit_name, options_.blame.circuit_pause});
  }
  OpenBreakerIfAtFault();
}

void Session::On(const event::ProofMade& made) {
  FreeDevice(made.job);
  Race* race = FindRace(made.job, Phase::kProving);
  if (race == nullptr) return;  // the race was over; the cancel came too late to save the work
  predictor_.ProofMade(race->job, made.duration);
  blame_.ProofMade(race->job.circuit);
  race->phase = Phase::kCommitting;
  race->committed = true;
  race->record.attempt = race->attempt;
  race->record.proof = made.proof;
  race->record.public_inputs = race->job.public_inputs;
  random_.Fill(race->record.nonce);
  race->record.commit_request = NewRequest();
  // Whoever holds a lease alone has no rival to hide the proof from until there is a receipt.
  // Once its time is over, or while the coordinator may take us for dead, somebody else may hold it too.
  const bool alone = Count(race->job.lease) > 0 && !race->job.hedged && !race->expired &&
                     now_ < race->since + race->job.lease && link_ == Link::kWelcomed;
  if (!alone) race->record.reveal_request = NewRequest();
  Send(*race);
}

void Session::On(const event::ProofFailed& failed) {
  FreeDevice(failed.job);
  Race* race = FindRace(failed.job, Phase::kProving);
  if (race == nullptr) return;
  race->phase = Phase::kReleasing;  // no work is left to stop
  // A report costs nothing; whoever else finds the same spares everybody the rest of the race.
  const bool unprovable = failed.failure == event::ProofFailure::kUnprovable;
  Release(*race, unprovable ? Reason::kUnprovable : Reason::kReleasedByMiner);
  const Blame::Fault fault = unprovable                                        ? Blame::Fault::kJob
                             : failed.failure == event::ProofFailure::kCrashed ? Blame::Fault::kCrash
                                                                               : Blame::Fault::kDevice;
  Failed(race->job, fault, failed.message);
}

void Session::On(const event::CommitAnswered& answer) {
  const auto it = FindAttempt(answer.attempt);
  if (it == races_.end() || it->second.phase != Phase::kCommitting) return;
  Race& race = it->second;
  if (answer.result == CallResult::kRetry) return RetryLater(race);
  if (answer.result == CallResult::kRefused) {
    // Most often because the race has just been decided, which an AttemptEnded says.
    return KeepRefused(race, "commit refused: " + answer.message);
  }
  const bool shown = !race.record.reveal_request;
  if (!answer.receipt_valid) {
    // Revealing against a false receipt would show the proof to a coordinator that has promised nothing.
    out_.push_back(action::ReportFailed{
        race.job.id,
        (shown ? "receipt not valid: " : "receipt not valid, proof withheld: ") + answer.message});
    blame_.ReceiptFailed();
    OpenBreakerIfAtFault();
    return shown ? KeepRefused(race, "") : Abandon(race);
  }
  race.expired = false;
  race.phase = shown ? Phase::kAwaiting : Phase::kRevealing;
  race.call_in_flight = false;
  race.backoff.Reset();
  if (shown) return;
  Send(race);
}

void Session::On(const event::RevealAnswered& answer) {
  const auto it = FindAttempt(answer.attempt);
  if (it == races_.end() || it->second.phase != Phase::kRevealing) return;
  Race& race = it->second;
  if (answer.result == CallResult::kRetry) return RetryLater(race);
  if (answer.result == CallResult::kRefused) {
    race.refusal = "reveal refused: " + answer.message;
    return Abandon(race);
  }
  race.phase = Phase::kAwaiting;
  race.call_in_flight = false;
}

void Session::On(const event::ReleaseAnswered& answer) {
  const auto it = FindAttempt(answer.attempt);
  if (it == races_.end() || it->second.phase != Phase::kReleasing) return;
  if (answer.result == CallResult::kRetry) return RetryLater(it->second);
  ReportEnd(it->second, AttemptState::kReleased, it->second.release_reason);
  Drop(it);
}

// --- Ends ---

void Session::On(const event::AttemptEnded& ended) {
  place_ = std::max(place_.value_or(EndPlace{}), EndPlace{ended.event, ended.attempt.id});
  heard_at_ = now_;
  const bool known = ended_.contains(ended.attempt.id);
  const auto it = FindAttempt(ended.attempt.id);
  if (it == races_.end()) {
    if (!known) {
      ended_.insert(ended.attempt.id);
      ended_order_.push_back(ended.attempt.id);
      out_.push_back(action::Forget{.attempt = ended.attempt.id, .committed = true});
    }
  } else if (ended.attempt.state == AttemptState::kTimedOut && ended.reason == Reason::kLeaseExpired &&
             (it->second.phase == Phase::kFetching || it->second.phase == Phase::kProving ||
              it->second.phase == Phase::kCommitting)) {
    it->second.expired = true;  // a late proof counts until the job ends
  } else {
    const AttemptState state = ended.attempt.state;
    if (state == AttemptState::kWon || state == AttemptState::kLost) blame_.Judged(true);
    if (state == AttemptState::kInvalid) blame_.Judged(false);
    OpenBreakerIfAtFault();
    StopWork(it->second);
    ReportEnd(it->second, state, ended.reason, ended.paid, ended.margin);
    Drop(it);
  }
  while (ended_order_.size() > kEndedMax) {
    ended_.erase(ended_order_.front());
    ended_order_.pop_front();
  }
}

void Session::StopWork(Race& race) {
  if (race.phase == Phase::kFetching) {
    out_.push_back(action::CancelFetch{race.job.id});
    FreeDevice(race.job.id);
  }
  // The device is free once the worker has answered.
  if (race.phase == Phase::kProving) {
    out_.push_back(action::CancelProving{race.job.id, DeviceOf(race.job.id).value_or(0)});
  }
  if (race.phase == Phase::kAccepting || race.phase == Phase::kWaiting) FreeDevice(race.job.id);
}

void Session::Release(Race& race, Reason reason) {
  StopWork(race);
  race.phase = Phase::kReleasing;
  race.release_reason = reason;
  race.request = NewRequest();
  race.drop_at = now_ + kDecidedGrace;
  Send(race);
}

void Session::Abandon(Race& race) {
  StopWork(race);
  race.phase = Phase::kGone;
  race.call_in_flight = false;
  race.settled_at = now_ + kGoneGrace;
  race.drop_at = race.settled_at;
}

// What was committed may win in spite of the refusal, so the record stays until the end is certain.
void Session::KeepRefused(Race& race, const std::string& refusal) {
  race.refusal = refusal;
  Abandon(race);
  if (race.expired) return;  // no other end will come
  race.refused = true;
  const bool dated = Count(race.job.deadline_at) > 0;
  const Micros end = dated ? LocalTime(race.job.deadline_at) + kDecidedGrace : now_ + kRefusedKept;
  race.drop_at = std::max(race.drop_at, end);
}

bool Session::CallsPending() const {
  return std::any_of(races_.begin(), races_.end(), [](const auto& entry) {
    return entry.second.phase == Phase::kCommitting || entry.second.phase == Phase::kRevealing;
  });
}

Session::Races::iterator Session::Erase(Races::iterator race) {
  out_.push_back(action::ForgetJob{race->first});
  return races_.erase(race);
}

Session::Races::iterator Session::Drop(Races::iterator it) {
  const Race& race = it->second;
  if (ended_.insert(race.attempt.id).second) ended_order_.push_back(race.attempt.id);
  const bool knows_job = !race.restored && race.job.witness_bytes > 0;
  collateral_refused_until_ = {};  // the balance has, perhaps, the collateral of this one again
  out_.push_back(action::Forget{.attempt = race.attempt.id,
                                .committed = race.committed,
                                .witness = knows_job ? std::optional(race.job.witness) : std::nullopt});
  return Erase(it);
}

void Session::ReportEnd(const Race& race, AttemptState state, Reason reason, Amount paid,
                        std::optional<Micros> margin) {
  out_.push_back(action::ReportEnded{.job = race.job.id,
                                     .attempt = race.attempt.id,
                                     .state = state,
                                     .reason = reason,
                                     .paid = paid,
                                     .margin = margin,
                                     .committed = race.committed,
                                     .spent = race.restored ? Micros{} : now_ - race.since,
                                     .predicted = race.worth.predicted});
}

void Session::TickRaces() {
  for (auto it = races_.begin(); it != races_.end();) {
    Race& race = it->second;
    const bool dated = Count(race.job.deadline_at) > 0;
    const bool late = dated && now_ > LocalTime(race.job.deadline_at);
    if ((race.phase == Phase::kAccepting || race.phase == Phase::kWaiting) && late) {
      FreeDevice(it->first);
      it = Erase(it);
      continue;
    }
    if (race.phase == Phase::kFetching && CannotBeMet(race)) {
      out_.push_back(action::ReportFailed{race.job.id, "cannot be proven in time any more: given back"});
      Release(race, Reason::kReleasedByMiner);
    }
    if (late && (race.phase == Phase::kFetching || race.phase == Phase::kProving)) Abandon(race);
    const bool decided = dated && now_ > LocalTime(race.job.deadline_at) + kDecidedGrace;
    const bool dropping = race.phase == Phase::kGone || race.phase == Phase::kReleasing;
    // While the link is down nothing can be learned, so what is committed is kept.
    if (race.phase == Phase::kGone && now_ >= race.settled_at && !race.refusal.empty()) {
      out_.push_back(action::ReportFailed{race.job.id, std::exchange(race.refusal, "")});
    }
    const bool over = dropping ? now_ >= race.drop_at : decided && link_ == Link::kWelcomed;
    if (over) {
      ReportEnd(race, AttemptState::kUnspecified, Reason::kUnspecified);
      it = Drop(it);
      continue;
    }
    if (race.phase == Phase::kWaiting && now_ >= race.resend_at && link_ == Link::kWelcomed) {
      race.phase = Phase::kAccepting;
      race.request = NewRequest();
    }
    const bool sends = race.phase == Phase::kAccepting || race.phase == Phase::kCommitting ||
                       race.phase == Phase::kRevealing || race.phase == Phase::kReleasing;
    if (sends && !race.call_in_flight && now_ >= race.resend_at) Send(race);
    ++it;
  }
}

// --- Look-ups ---

Session::Races::iterator Session::FindAttempt(const AttemptId& id) {
  return std::find_if(races_.begin(), races_.end(), [&](const auto& entry) {
    const Phase phase = entry.second.phase;
    return phase != Phase::kAccepting && phase != Phase::kWaiting && entry.second.attempt.id == id;
  });
}

Session::Race* Session::FindRace(const JobId& job, Phase phase) {
  const auto it = races_.find(job);
  return it != races_.end() && it->second.phase == phase ? &it->second : nullptr;
}

std::optional<size_t> Session::DeviceOf(const JobId& job) const {
  for (size_t i = 0; i < devices_.size(); ++i) {
    if (devices_[i] == job) return i;
  }
  return std::nullopt;
}

void Session::FreeDevice(const JobId& job) {
  if (const auto device = DeviceOf(job)) devices_[*device].reset();
}

}  // namespace prooflode::miner
