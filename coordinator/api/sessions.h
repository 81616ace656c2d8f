// Miners' sessions without the network: who is there, what was offered to whom, what each must be told.
//
// Offers follow credit: an offer uses up one, and nothing is sent without. What is open stands on a board in
// order of opening, and a session keeps its place on it, so credit that comes later gets everything that is
// still open, once each: nothing is dropped. An offer stands until it is taken or withdrawn. A job that opens
// goes to waiting sessions in random order. One session an identity: the newest wins. Not thread-safe: lives
// on the dispatcher's thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/env.h"
#include "base/metrics.h"
#include "base/status.h"
#include "coordinator/market/types.h"
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
  // Nothing is written afterwards.
  virtual void End(const Status& status) = 0;
};

struct SessionOptions {
  Micros heartbeat_interval = Seconds(5);
  size_t sessions_max = 20'000;
  size_t ends_kept_max = 64;  // of attempts that ended, for a miner that comes back; newest, a miner
};

// A job as it is offered.
struct OfferedJob {
  market::JobId id{};
  uint64_t domain_size = 0;
  v1::ProofSystem proof_system = v1::PROOF_SYSTEM_UNSPECIFIED;
  std::shared_ptr<const v1::SessionResponse> offer;
};

class SessionRegistry {
 public:
  using SessionId = uint64_t;

  // `clock` and `random` must outlive it.
  SessionRegistry(const SessionOptions& options, Clock& clock, Random& random, MetricFactory& metrics);

  // A miner said hello: ends its older session with ABORTED, sends Welcome, then AttemptEnded for what ended
  // after `hello.resume_after_event`. `live` are its live attempts as of the last event given to this
  // registry. kResourceExhausted when there are too many sessions.
  StatusOr<SessionId> Open(const market::Identity& identity, const v1::SessionRequest::Hello& hello,
                           const std::vector<market::Attempt>& live, Micros market_time,
                           std::shared_ptr<SessionWriter> writer);
  // Messages of a session. An id that is no longer the live one is ignored.
  void AddCredit(const market::Identity& identity, SessionId id, uint32_t offers);
  void RoomAgain(const market::Identity& identity, SessionId id);
  void Heartbeat(const market::Identity& identity, SessionId id, int64_t sent_at_us);
  void Drain(const market::Identity& identity, SessionId id);
  void Closed(const market::Identity& identity, SessionId id);

  // What the market did, in log order.
  void JobOpened(OfferedJob job);
  void JobClosed(const market::JobId& job, v1::Reason reason);  // full or over: offers are void
  void OfferTaken(const market::Identity& identity, const market::JobId& job);
  // `margin` as market::Market::MarginOf gives it.
  void AttemptEnded(const market::Attempt& attempt, Amount paid, std::optional<Micros> margin);

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
  };
  using Sessions = std::map<market::Identity, Session>;
  struct Ended {
    market::Attempt attempt;
    Amount paid{};
    std::optional<Micros> margin;
  };

  Session* Find(const market::Identity& identity, SessionId id);
  void OfferWhatIsOpen(Session& session);
  bool Fits(const Session& session, const OfferedJob& job) const;
  v1::SessionResponse EndMessage(const Ended& end) const;
  void CountMiners();
  Counter& Disconnects(const char* reason);

  const SessionOptions options_;
  Clock& clock_;
  Random& random_;
  MetricFactory& metrics_;
  Counter& offers_sent_;
  Sessions sessions_;
  SessionId next_id_ = 1;
  uint64_t next_place_ = 1;
  std::map<uint64_t, OfferedJob> board_;  // by place
  std::map<market::JobId, uint64_t> places_;
  std::map<market::Identity, std::deque<Ended>> ended_;  // oldest first
};

}  // namespace prooflode::api
