// What a miner does next. A state machine: events in, actions out; time is passed in, randomness is handed
// in, and the same events with the same seed give the same actions.
//
// It promises: no more than one job a device; nothing is accepted that does not pay, fit in memory or fit
// before its deadline by what was learned here; an attempt survives reconnects and, through the caller's
// journal, crashes; a call without an answer is repeated with the same request id until its attempt is over;
// nothing is revealed before the commit's receipt was found good; after failures in a row, with a full disk
// or without memory no work is taken and what has not begun is given back, and none is taken of a circuit
// whose jobs end the worker; what cannot be met any more is given back before it begins; while draining none
// is taken.
//
// Feed a Tick at least every 100 ms. Not thread-safe. Cost of an event: linear in races and offers at hand.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/env.h"
#include "base/odds.h"
#include "miner/session/blame.h"
#include "miner/session/predictor.h"
#include "miner/session/types.h"

namespace prooflode::miner {

struct SessionOptions {
  size_t devices = 1;
  Amount reward_min{};                        // jobs below it are skipped
  Amount per_hour_min{};                      // so are those whose expected value for an hour is below it
  uint64_t memory_bytes = uint64_t{1} << 62;  // what one proof may need
  double deadline_margin = 1.2;  // predicted time is multiplied by it before it is held to a deadline
  uint32_t offers_max = 16;      // offers at hand at a time
  BlameOptions blame;
  Micros breaker_pause = Seconds(300);  // when the device is at fault
  Micros reconnect_min = Millis(500);
  Micros reconnect_max = Seconds(30);
  Micros reconnect_urgent = Seconds(2);   // the most while commits or reveals are not answered
  Micros reconnect_spread = Seconds(2);   // the most once the coordinator is reachable again
  Micros collateral_pause = Seconds(60);  // after a refusal nothing is asked for that wants as much
  Micros replaced_pause = Seconds(300);   // after another miner took over the key's session
  Micros call_retry_min = Millis(200);
  Micros call_retry_max = Seconds(5);
  Micros stop_timeout = Seconds(30);
};

// Memory that proving needs at its peak: the key, the witness, and working space of the domain.
uint64_t MemoryNeeded(const OfferedJob& job);

class Session {
 public:
  enum class Phase {
    kAccepting,
    kWaiting,
    kFetching,
    kProving,
    kCommitting,
    kRevealing,
    kAwaiting,
    kReleasing,
    kGone
  };

  struct RaceView {
    JobId job{};
    std::string circuit_name;
    Amount reward{};
    Phase phase = Phase::kAccepting;
    Micros since{};
    Worth worth;  // when it was accepted
    double told_chance = 0;
  };

  // `random` must outlive the session.
  Session(const SessionOptions& options, Random& random);

  // A record from the journal; before the first event.
  void Restore(const CommitRecord& record);
  // A job that was kept for an Accept of an earlier run; before the first event.
  void RestoreJob(const JobId& job);
  // The place of the last end that an earlier run has handled, in the log of the coordinator at hand;
  // nullopt when that turns out to be another coordinator's. While there is no connection.
  void RestorePlace(const std::optional<EndPlace>& place) { place_ = kept_place_ = place; }

  std::vector<Action> Handle(Micros now, const Event& event);

  bool connected() const { return link_ == Link::kWelcomed; }
  bool draining() const { return draining_; }
  bool paused() const { return !stopped_for_.empty(); }
  const std::set<StopReason>& stopped_for() const { return stopped_for_; }
  size_t pending_offers() const { return offers_.size(); }
  std::vector<RaceView> races() const;
  // The job on each device; nullopt for an idle one.
  const std::vector<std::optional<JobId>>& devices() const { return devices_; }

 private:
  enum class Link { kDown, kConnecting, kOpen, kWelcomed };

  struct Race {
    OfferedJob job;
    Worth worth{};  // when it was accepted
    Phase phase = Phase::kAccepting;
    bool restored = false;  // from the journal: the job is not known, only the attempt
    Micros predicted{};     // when it was accepted
    AttemptRef attempt{};   // meaningful after kAccepting and kWaiting
    CommitRecord record{};  // meaningful from kCommitting on
    bool committed = false;
    bool expired = false;  // its lease is over, but a commit before the job's end still counts
    bool refused = false;  // the commit was; it is tried again if a Welcome says that the attempt lives
    std::string
        refusal{};        // of the commit or the reveal; told if no end of the attempt comes that explains it
    RequestId request{};  // of the accept or the release
    Reason release_reason = Reason::kReleasedByMiner;
    bool call_in_flight = false;
    Micros resend_at{};
    Backoff backoff;
    Micros since{};       // of the acceptance
    Micros settled_at{};  // meaningful in kGone: no explanation is waited for any longer
    Micros drop_at{};     // meaningful in kGone and kReleasing
  };
  using Races = std::map<JobId, Race>;

  // Connection (session.cc).
  void On(const event::Connected&);
  void On(const event::Reachable&);
  void On(const event::Disconnected& disconnected);
  void On(const event::Welcome& welcome);
  void On(const event::HeartbeatSeen&);
  void On(const event::FilesRoom& room);
  void On(const event::MemoryLow& memory);
  void On(const event::CoordinatorStops& stops);
  void On(const event::Drain&);
  void On(const event::Tick&);
  void Reconcile(const std::vector<AttemptRef>& live, const std::vector<JobId>& candidacies);
  void ReconcileWaiting(const std::vector<JobId>& candidacies);
  void ReconcileRace(Race& race, const AttemptRef* live);
  void TickLink();
  void KeepPlace();
  void TickStop();
  // Offers (session.cc).
  void On(const event::Offer& offer);
  void On(const event::OfferWithdrawn& withdrawn);
  std::optional<Reason> Unfit(const OfferedJob& job) const;
  void Skip(const OfferedJob& job, Reason reason);
  Prospect ProspectOf(const OfferedJob& job) const;
  Worth WorthOf(const OfferedJob& job) const;
  Micros Expected(const OfferedJob& job) const;
  void TakeWork();
  void DropUnfitOffers();
  void ReturnCredit(uint32_t offers);
  // Races (session_races.cc).
  void On(const event::AcceptAnswered& answer);
  void On(const event::ArtifactsReady& ready);
  void On(const event::ArtifactsFailed& failed);
  void On(const event::ProofMade& made);
  void On(const event::ProofFailed& failed);
  void On(const event::CommitAnswered& answer);
  void On(const event::RevealAnswered& answer);
  void On(const event::ReleaseAnswered& answer);
  void On(const event::AttemptEnded& ended);
  void On(const event::Admitted& admitted);
  void On(const event::NotDrawn& not_drawn);
  void Admitted(Race& race, const AttemptRef& attempt);
  void Refused(const OfferedJob& job, Reason reason, std::optional<Amount> balance = {});
  bool IsBeyondBalance(const OfferedJob& job) const;
  void GiveBack(const AttemptRef& attempt);  // of a job that we want no more
  void Withdraw(const JobId& job);
  void WithdrawCandidacies();
  void Send(Race& race);  // the call of the race's phase, again or for the first time
  void RetryLater(Race& race);
  void StopWork(Race& race);  // cancels fetching or proving of this race
  void Release(Race& race, Reason reason);
  void Abandon(Race& race);  // over, but an AttemptEnded may yet say how
  void KeepRefused(Race& race, const std::string& refusal);
  void Failed(const OfferedJob& job, Blame::Fault fault, const std::string& message);
  bool CallsPending() const;  // commits or reveals without an answer
  Races::iterator Erase(Races::iterator race);
  Races::iterator Drop(Races::iterator race);
  void ReportEnd(const Race& race, AttemptState state, Reason reason, Amount paid = {},
                 std::optional<Micros> margin = {});
  void TickRaces();
  Races::iterator FindAttempt(const AttemptId& id);
  Race* FindRace(const JobId& job, Phase phase);
  void FreeDevice(const JobId& job);
  std::optional<size_t> DeviceOf(const JobId& job) const;
  // The circuit breaker (breaker.cc).
  void OpenBreakerIfAtFault();
  void TickBreaker();
  void StopFor(StopReason reason, Micros pause = {});
  void GoOn(StopReason reason);
  bool CannotBeMet(const Race& race) const;
  RequestId NewRequest();
  Backoff NewBackoff() const { return Backoff({options_.call_retry_min, options_.call_retry_max}); }
  Micros LocalTime(Micros coordinator_time) const { return coordinator_time - clock_offset_; }

  const SessionOptions options_;
  Random& random_;
  Predictor predictor_;
  std::vector<Action> out_;
  Micros now_{};

  Link link_ = Link::kDown;
  bool replaced_ = false;        // why it is down
  bool logged_in_anew_ = false;  // once since the last Welcome, without a pause
  Backoff reconnect_;
  Micros connect_at_{};
  Micros connect_began_{};
  Micros heartbeat_interval_{};
  Micros heartbeat_at_{};
  Micros heard_at_{};
  std::optional<EndPlace> place_;       // of the last end that was handled
  std::optional<EndPlace> kept_place_;  // as the journal has it
  Micros keep_place_at_{};
  Micros clock_offset_{};  // the coordinator's calendar less our monotonic clock

  std::map<JobId, OfferedJob> offers_;
  Races races_;
  std::vector<std::optional<JobId>> devices_;
  std::set<AttemptId> ended_;  // the last kEndedMax attempts that ended, since answers may come late
  std::deque<AttemptId> ended_order_;
  std::set<JobId> kept_;  // accepted by an earlier run, until Welcome has been seen
  Blame blame_;
  Amount collateral_refused_{};  // what the balance did not cover, until then
  Micros collateral_refused_until_{};

  uint64_t files_room_ = uint64_t{1} << 62;
  std::set<StopReason> stopped_for_;
  Micros breaker_until_{};          // of kFailures
  uint32_t owed_credit_ = 0;        // withheld while no work is taken, so that offers wait for us
  bool coordinator_stops_ = false;  // until the next Welcome
  bool draining_ = false;
  bool finished_ = false;
  Micros stop_at_{};
};

const char* PhaseText(Session::Phase phase);

}  // namespace prooflode::miner
