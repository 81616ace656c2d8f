// Miners' sessions without the network: who is there, what was offered to whom, what each must be told.
//
// Offers follow credit: an offer uses up one, and nothing is sent without. What is open stands on a board in
// order of opening, and a session keeps its place on it, so credit that comes later gets everything that is
// still open, once each: nothing is dropped. An offer stands until it is taken or withdrawn. A job that opens
// goes to waiting sessions in random order. Ends of attempts are told once and in order of their places
// (market/ended_index.h); what a miner missed comes from the market's rows, a page at a time, so that nothing
// has to be kept for those who are away. One session an identity: the newest wins. Not thread-safe: lives
// on the dispatcher's thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/env.h"
#include "base/metrics.h"
#include "base/status.h"
#include "coordinator/api/estimator.h"
#include "coordinator/api/offer_book.h"
#include "coordinator/market/market.h"
#include "prooflode/v1/miner_service.pb.h"

namespace prooflode::api {

// The way to one miner. No call blocks.
class SessionWriter {
 public:
  virtual ~SessionWriter() = default;
  virtual void Write(v1::SessionResponse message) = 0;
  // Whether offers may be written; they are large. When there is room again the writer says so with
  // SessionRegistry::RoomAgain.
  virtual bool HasRoom() = 0;
  // Asks for the ends behind `after`; SessionRegistry::Replay brings them.
  virtual void AskReplay(const market::EndPlace& after) = 0;
  // Nothing is written afterwards.
  virtual void End(const Status& status) = 0;
};

struct SessionOptions {
  Micros heartbeat_interval = Seconds(5);
  size_t sessions_max = 20'000;
};

// A job as it is offered.
struct OfferedJob {
  market::JobId id{};
  Estimator::Race race;
  v1::ProofSystem proof_system = v1::PROOF_SYSTEM_UNSPECIFIED;
  uint32_t circuit_format = 1;
  std::shared_ptr<const v1::SessionResponse> offer;  // without the estimate
};

// The end of an attempt as its miner is told of it.
struct EndedAttempt {
  market::Attempt attempt;  // without the proof
  Amount paid{};
  std::optional<Micros> margin;  // as market::Market::MarginOf gives it
};
EndedAttempt EndOf(const market::Market& market, const market::Attempt& attempt);

// Some of the ends that a miner missed, in order.
struct ReplayPage {
  std::vector<EndedAttempt> ended;
  bool more = false;  // whether others may follow
};
ReplayPage ReplayFor(const market::Market& market, const market::Identity& miner,
                     const market::EndPlace& after);

// What the market knows of a miner that says hello.
struct Arrival {
  Micros market_time{};
  market::LeafIndex as_of = 0;  // the newest leaf that this takes into account
  std::vector<market::Attempt> live;
  std::vector<market::JobId> candidacies;  // whose draw it waits for
  uint32_t draws_lost = 0;                 // since it last won one
  ReplayPage missed;                       // the first, where its hello asks for any
};
// `as_of` is the newest leaf of `market`.
Arrival ArrivalOf(const market::Market& market, const market::Identity& miner,
                  const v1::SessionRequest::Hello& hello, market::LeafIndex as_of);

class SessionRegistry {
 public:
  using SessionId = uint64_t;

  // `clock` and `random` must outlive it.
  // `book` hears of every offer and of every one that is declined.
  SessionRegistry(const SessionOptions& options, Clock& clock, Random& random, OfferBook& book,
                  MetricFactory& metrics);

  // A miner said hello: ends its older session with ABORTED, sends Welcome, then what the miner missed.
  // `arrival` is as of the last event given to this registry. kResourceExhausted when there are too many
  // sessions.
  StatusOr<SessionId> Open(const market::Identity& identity, const v1::SessionRequest::Hello& hello,
                           const Arrival& arrival, std::shared_ptr<SessionWriter> writer);
  // What AskReplay asked for, as of the last event given to this registry.
  void Replay(const market::Identity& identity, SessionId id, const ReplayPage& page);
  // Messages of a session. An id that is no longer the live one is ignored.
  void AddCredit(const market::Identity& identity, SessionId id, uint32_t offers);
  void RoomAgain(const market::Identity& identity, SessionId id);
  void Heartbeat(const market::Identity& identity, SessionId id, int64_t sent_at_us);
  void Drain(const market::Identity& identity, SessionId id);
  void Declined(const market::Identity& identity, SessionId id, const market::JobId& job, v1::Reason reason);
  void Closed(const market::Identity& identity, SessionId id);

  // What the market did, in log order.
  void JobOpened(OfferedJob job);
  void JobClosed(const market::JobId& job, v1::Reason reason);  // full or over: offers are void
  void OfferTaken(const market::Identity& identity, const market::JobId& job);
  void OfferFree(const market::Identity& identity, const market::JobId& job);  // its candidacy is over
  void Admitted(const market::Attempt& attempt);                               // by a draw
  void NotDrawn(const market::NotDrawn& not_drawn, uint32_t draws_lost);
  // Those of one batch in order of their places; older ones than were told are ignored.
  void AttemptEnded(const EndedAttempt& end);

  // The miners of whom something was heard within `time`; nullopt before that can be known. Cost: linear.
  std::optional<std::set<market::Identity>> HeardWithin(Micros time) const;
  // How many race for a job on the board.
  void RacersChanged(const market::JobId& job, uint32_t racers);
  Estimator& estimator() { return estimator_; }
  size_t size() const { return sessions_.size(); }

  // Tells everybody that nothing more is offered and when the coordinator stops; newcomers too.
  void DrainAll(Micros stops_at);
  // Ends sessions that have been silent for four heartbeats.
  void CheckLiveness();
  void EndAll(const Status& status);

 private:
  struct Session {
    SessionId id = 0;
    std::shared_ptr<SessionWriter> writer;
    v1::SessionRequest::Hello hello;
    uint32_t credit = 0;
    bool draining = false;
    uint64_t place = 0;  // on the board: everything before it was offered or does not fit
    std::set<market::JobId> outstanding;
    std::set<market::JobId> under_way;  // admitted to: not offered again
    Micros heard_at{};
    uint32_t draws_lost = 0;
    market::EndPlace told;     // the last end that was written
    bool catching_up = false;  // ends come from the rows, not from the market's effects
    bool page_wanted = false;  // asked for as soon as there is room
  };
  using Sessions = std::map<market::Identity, Session>;

  Session* Find(const market::Identity& identity, SessionId id);
  void OfferWhatIsOpen(const market::Identity& identity, Session& session);
  bool Fits(const Session& session, const OfferedJob& job) const;
  void TellDrain(Session& session) const;
  void Tell(Session& session, const EndedAttempt& end);
  void TellMissed(Session& session, const ReplayPage& page);
  void CountMiners();
  void Left(const market::Identity& identity, Micros heard_at);
  Counter& Disconnects(const char* reason);

  const SessionOptions options_;
  Clock& clock_;
  Random& random_;
  OfferBook& book_;
  MetricFactory& metrics_;
  Estimator estimator_;
  std::optional<Micros> stops_at_;  // the coordinator is about to
  Counter& offers_sent_;
  Sessions sessions_;
  SessionId next_id_ = 1;
  uint64_t next_place_ = 1;
  std::map<uint64_t, OfferedJob> board_;  // by place
  std::map<market::JobId, uint64_t> places_;
  const Micros started_at_;
  std::map<market::Identity, Micros> left_;  // when those without a session were last heard
};

}  // namespace prooflode::api
