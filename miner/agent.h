// Carries out what the session decides: keeps the stream, makes the calls, fetches files, drives the workers,
// keeps the journal. One thread owns session and bookkeeping; everything that blocks happens on others and
// comes back as a closure in the queue.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/thread_pool.h"
#include "client/log_client.h"
#include "client/log_view.h"
#include "client/market_client.h"
#include "client/receipt.h"
#include "client/session_stream.h"
#include "miner/session/session.h"
#include "miner/task_threads.h"
#include "miner/ui/reporter.h"
#include "miner/work/artifact_cache.h"
#include "miner/work/journal.h"
#include "miner/work/mirrors.h"
#include "miner/worker/worker_process.h"

namespace prooflode::miner {

struct AgentOptions {
  std::string version;
  SessionOptions session;
  MirrorOptions mirrors;
  WorkerOptions worker;  // one process for each of session.devices
  std::vector<std::string> device_names;
  uint64_t domain_size_max = 0;
  uint64_t free_memory_min = 0;  // below it no work is taken; 0: nobody looks
};

class Agent {
 public:
  // Everything referred to must outlive the agent.
  Agent(const AgentOptions& options, client::Connection& connection, ArtifactCache& cache, Journal& journal,
        client::LogView& log_view, Reporter& reporter, MinerMetrics& metrics, Clock& clock, Random& random);
  ~Agent();

  // Starts the workers and loads the journal.
  Status Start();
  // Returns once drained.
  void Run();
  // Thread-safe.
  void Drain();

 private:
  // The session repeats calls itself, since it knows when they have become pointless.
  static inline const client::CallOptions kOneTry{.retry_for = Micros{0}};

  struct Files {
    UniqueFd zkey;
    UniqueFd witness;
  };
  struct Fetching {
    uint64_t id = 0;
    std::shared_ptr<CancelToken> cancel;
  };
  struct Proving {
    uint64_t id = 0;
    JobId job{};
    Micros began{};
  };

  // The queue.
  void Post(std::function<void()> closure);
  std::optional<std::function<void()>> Next();
  void Feed(const Event& event);
  void Housekeeping();
  // Looks at the disk: deletes what no longer fits, and tells the session what a job's files may take.
  void MeasureDisk();
  void MeasureMemory();

  // Actions (agent_actions.cc).
  void Do(const action::Connect& connect);
  void Do(const action::KeepPlace& keep);
  void Do(const action::Disconnect& disconnect);
  void Do(const action::SendCredit& credit);
  void Do(const action::SendHeartbeat&);
  void Do(const action::SendDrain&);
  void Do(const action::Decline& decline);
  void Do(const action::Accept& accept);
  void Do(const action::WithdrawCandidacy& withdraw);
  void Do(const action::ForgetJob& forget);
  void Do(const action::Fetch& fetch);
  void Do(const action::CancelFetch& cancel);
  void Do(const action::Prove& prove);
  void Do(const action::CancelProving& cancel);
  void Do(const action::Commit& commit);
  void Do(const action::Reveal& reveal);
  void Do(const action::Release& release);
  void Do(const action::Forget& forget);
  void Do(const action::Finished&);
  template <typename ReportAction>
  void Do(const ReportAction& report) {
    reporter_.Report(report);
  }

  // Runs `closure` unless the stream is an old one; later when Open() has not returned yet.
  void OnStream(uint64_t stream, std::function<void()> closure);
  void OnMessage(const v1::SessionResponse& message);
  void OnStreamEnd(uint64_t stream, const Status& status);
  void OnResult(size_t device, const WorkerResult& result);
  // Files (agent_files.cc), on the threads of fetches_; `fetched` counts what was not in the cache.
  void OnMirror(const OfferedJob& job, const Mirrors::Try& tried);
  Status DownloadKey(const OfferedJob& job, const std::string& path, const CancelToken& cancel);
  StatusOr<UniqueFd> FetchOne(ArtifactKind kind, const OfferedJob& job, const CancelToken& cancel,
                              uint64_t& fetched);
  StatusOr<Files> FetchFiles(const OfferedJob& job, const CancelToken& cancel, uint64_t& fetched);
  void OnFetched(const JobId& job, uint64_t id, StatusOr<Files> files, Micros took, uint64_t fetched);
  event::CommitAnswered SendCommit(const CommitRecord& record);
  // Whether the receipt is good and continues what is known of the log.
  Status TakeReceipt(const v1::Receipt& receipt, const client::Commit& commit,
                     const client::LogView::Known& asked);
  Status Gossip();
  void GossipIfDue(Micros now);
  // While there is no session: a connection that comes back is worth a try before the pause is over.
  void NoticeReachable();

  const AgentOptions options_;
  client::Connection& connection_;
  client::MarketClient market_;
  client::LogClient log_;
  ArtifactCache& cache_;
  Journal& journal_;
  client::LogView& log_view_;
  Reporter& reporter_;
  MinerMetrics& metrics_;
  Clock& clock_;
  Mirrors mirrors_;

  // Of the thread in Run() alone.
  Session session_;
  std::unique_ptr<client::SessionStream> stream_;
  uint64_t stream_id_ = 0;
  PublicKey coordinator_{};                   // of the last stream that was opened
  std::optional<PublicKey> place_of_;         // whose log the session's place of ends is in
  std::vector<std::function<void()>> early_;  // what a stream said before it was here
  std::map<JobId, Fetching> fetching_;
  std::map<JobId, Files> files_;
  std::vector<std::optional<Proving>> proving_;
  std::vector<int> restarts_;
  uint64_t ids_ = 0;
  bool finished_ = false;
  Micros table_at_{};
  Micros disk_at_{};
  bool memory_low_ = false;
  Micros gossip_at_{};
  bool gossiping_ = false;
  bool reachable_ = false;

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> queue_ PL_GUARDED_BY(mutex_);

  // Last, so that they end first: they post to the queue.
  std::vector<std::unique_ptr<WorkerProcess>> workers_;
  TaskThreads calls_;
  TaskThreads fetches_;
};

}  // namespace prooflode::miner
