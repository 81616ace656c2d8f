// The only writer of the market. One thread takes a batch of commands from a bounded queue, stamps them with
// time and entropy, applies them, writes rows, leaves and answers in one transaction, and only then answers
// callers, tells the outbox and hands revealed proofs to the checker: nothing leaves before it is durable.
//
// A request is known by (identity, request id): a repeat gets the first answer, also after a restart, and one
// with other content is refused. Refusals had no effect and are not remembered: a repeat is judged anew.
// Queries and reads run on the same thread between batches and see durable state only. Reads have a queue of
// their own and a slice of time between two batches: whoever only looks cannot delay or refuse commands.
// After an error of the store the engine stops for good and reports it once: what is on disk is unknown, and
// only a restart can tell.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/bounded_queue.h"
#include "base/env.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"
#include "coordinator/engine/command_codec.h"
#include "coordinator/engine/engine_metrics.h"
#include "coordinator/engine/log_tree.h"
#include "coordinator/engine/market_clock.h"
#include "coordinator/engine/ports.h"
#include "transparency/log_keys.h"

namespace prooflode::engine {

// What a receipt says of a commit: its leaf, and the log when that leaf was its last.
struct CommitReceiptData {
  market::LeafIndex leaf_index = 0;
  std::string leaf;  // the stored bytes
  uint64_t tree_size = 0;
  Digest root{};
  std::vector<Digest> inclusion_proof;
  friend bool operator==(const CommitReceiptData&, const CommitReceiptData&) = default;
};

struct Answered {
  market::Answer answer;
  std::optional<CommitReceiptData> receipt;  // with a CommitAnswer
  bool repeated = false;                     // the first answer once more: what it tells of may be over
};

// Errors: RESOURCE_EXHAUSTED when the queue is full, UNAVAILABLE when the engine has stopped, ALREADY_EXISTS
// when the request id was used for something else. A refusal by the market is an answer.
using AnswerCallback = std::function<void(StatusOr<Answered>)>;
using QueryFunction = std::function<void(const market::Market&)>;

struct EngineOptions {
  size_t queue_limit = 8192;
  size_t reads_limit = 4096;
  Micros reads_slice = Millis(2);  // no read is begun later in a turn; one is begun in each
  size_t batch_limit = 512;
  size_t checks_in_flight_max = 64;
  Micros reconnect_grace = Seconds(10);
  std::string asset_name = "credit";  // a label of metrics
};

// The parts an engine works with; all must outlive it.
struct EngineParts {
  Store& store;
  ProofChecker& checker;
  Outbox& outbox;
  Clock& clock;
  Random& random;
  MetricFactory& metrics;
  const SigningKey& key;  // that signs for the log from now on
  // Called once, on the engine thread, when the store failed; the engine does nothing afterwards. A program
  // ends here.
  std::function<void(const Status&)> on_fatal;
  const SigningKey* retiring_key =
      nullptr;  // that signed until now, where it is another one: hands the log over
};

// Offer, Query, Read, Now and log are thread-safe, everything else belongs to the thread that owns the
// engine.
class Engine {
 public:
  Engine(const market::Rules& rules, const EngineOptions& options, const EngineParts& parts);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Reads what is stored and logs a Restart with the rules; nothing of what was there expires before the
  // reconnect grace has passed, and proofs that were revealed and not judged are checked again. Once, before
  // everything else. kInvalidArgument for rules out of range (market/rules.h); kFailedPrecondition where
  // neither the key nor the retiring one is the log's.
  Status Load();
  void Start();
  // Works off what is queued, then ends. Later offers are answered with UNAVAILABLE.
  void Stop();

  // Calls back exactly once, on the engine thread, or on the caller's when the offer is refused at the door.
  // `content` is the SHA-256 of the request's meaning. Never blocks.
  void Offer(market::Origin origin, market::Command command, const Digest& content, AnswerCallback callback);
  // Runs `query` on the engine thread; it must be short. Not run when an error is returned
  // (RESOURCE_EXHAUSTED, UNAVAILABLE). Never blocks. In the queue of commands: for what a command needs.
  Status Query(QueryFunction query);
  // The same behind all commands that wait: for everything else, up to a millisecond.
  Status Read(QueryFunction query);
  // The market's time, after Load: never falls, and nothing that is logged later is stamped earlier.
  Micros Now() { return time_.Now(); }
  // What is durable of the log. Whatever a caller was answered is in it.
  const LogTree& log() const { return tree_; }
  // Of the log, once it is loaded, and how it came from one to the next.
  const transparency::LogKeys& keys() const { return *keys_; }
  const std::vector<KeyHandover>& handovers() const { return handovers_; }

  // One turn of the loop, for simulations that have no engine thread: waits at most `wait` for work. False
  // once the engine has failed, or is closed and has nothing left.
  bool RunOnce(std::chrono::microseconds wait);

 private:
  struct Submission {
    market::Origin origin;
    market::Command command;
    Digest content{};
    AnswerCallback callback;
  };
  struct Wake {};  // something else than the queue wants the engine's attention
  using Item = std::variant<Wake, Submission, QueryFunction>;
  struct Work;  // one batch under way

  // Hands the log over if there is a retiring key, and makes sure that the key is the log's.
  Status TakeKeys(market::Restart& restart, Batch& batch);
  Status Refused();
  void WakeUp();
  void Close();
  std::chrono::microseconds TimeToWait(std::chrono::microseconds wait);
  void TakeVerdicts(Work& work);
  void TickIfDue(Work& work);
  // Fills the answer of work.pending.back().
  Status Process(Work& work, Submission submission);
  StatusOr<std::optional<StoredAnswer>> FindRepeat(const Work& work, const market::Origin& origin) const;
  market::Answer Apply(Work& work, const market::Origin& origin, market::Command command);
  LeafOutcome GatherChanges(Work& work, market::LeafIndex leaf);
  void CollectRows(Work& work) const;
  Status Commit(Work& work);
  Status Release(Work& work);
  StatusOr<CommitReceiptData> ReceiptFor(const Work& work, market::LeafIndex leaf_index) const;
  Status DispatchChecks();
  void RunReads();
  void Fail(Work& work, const Status& status);

  const EngineOptions options_;
  EngineParts parts_;
  const market::Rules rules_;
  market::Market market_;
  EngineMetrics metrics_;
  LogTree tree_;
  std::optional<transparency::LogKeys> keys_;
  std::vector<KeyHandover> handovers_;
  transparency::MerkleFrontier head_;  // of all that was applied, durable or not
  MarketClock time_;
  bool failed_ = false;

  BoundedQueue<Item> queue_;
  BoundedQueue<QueryFunction> reads_;  // closed before queue_
  std::atomic<bool> woken_{false};     // a Wake is in queue_, or queue_ is full
  std::thread thread_;

  // Revealed proofs not yet handed to the checker, in log order of their commits.
  std::set<std::pair<market::LeafIndex, market::AttemptId>> to_check_;
  size_t checks_in_flight_ = 0;
  // Verdicts come from the checker's threads and never wait behind a full queue; their number is bounded by
  // the checks in flight. Shared, so that a verdict that comes late finds something to write to.
  struct VerdictBox {
    Mutex mutex;
    std::vector<market::RecordVerdict> verdicts PL_GUARDED_BY(mutex);
    std::function<void()> wake PL_GUARDED_BY(mutex);
  };
  std::shared_ptr<VerdictBox> verdict_box_ = std::make_shared<VerdictBox>();
};

}  // namespace prooflode::engine
