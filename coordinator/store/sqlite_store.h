// The embedded store: one SQLite database in write-ahead mode, synchronised at every commit. Tables:
// docs/formats/store.md.
//
// One transaction a batch. Leaves, transfers and answers are only ever inserted, so that a batch written
// twice or out of order fails instead of rewriting history.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/crypto.h"
#include "base/env.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "coordinator/engine/ports.h"
#include "coordinator/store/sqlite.h"

namespace prooflode::store {

struct SqliteOptions {
  std::string vfs;  // a registered SQLite VFS; empty for the default
  // Answers older than this are forgotten: a request id is remembered at least so long.
  Micros answers_kept = Seconds(7 * 24 * 3600);
  Clock* clock = nullptr;  // for measuring alone, thread-safe; none: nothing is measured
  // For tests alone: whether a test of durability notices that it is gone.
  bool skip_sync_for_test = false;
};

class SqliteStore final : public engine::Store {
 public:
  // Creates the database where there is none, for the coordinator with this key: one transaction.
  // FAILED_PRECONDITION for a database of another key, program or version.
  static StatusOr<std::unique_ptr<SqliteStore>> Open(const std::string& path, const PublicKey& coordinator,
                                                     const SqliteOptions& options, MetricFactory& metrics);
  // For checks beside a running coordinator: Write fails; Load and ReadLeaves see one moment.
  static StatusOr<std::unique_ptr<SqliteStore>> OpenReadOnly(const std::string& path, MetricFactory& metrics);
  // The key that signs for the database at `path`: its maker's, or the one it was handed over to last;
  // nullopt where there is none yet. Writes nothing. FAILED_PRECONDITION for a database of another program or
  // version.
  static StatusOr<std::optional<PublicKey>> FindCoordinator(const std::string& path);

  // Whose database this was when it was opened.
  const PublicKey& coordinator() const { return coordinator_; }

  Status Load(market::Market& market, std::vector<Digest>& leaf_hashes) override;
  StatusOr<std::vector<KeyHandover>> LoadHandovers() override;
  Status Write(const engine::Batch& batch) override;
  StatusOr<std::optional<engine::StoredAnswer>> FindAnswer(const market::Identity& identity,
                                                           const std::string& request_id) const override;
  StatusOr<std::vector<transparency::Leaf>> ReadLeaves(uint64_t from, size_t count_max) const override;
  Status DeleteProofs(Micros kept_from, const std::vector<market::LeafIndex>& leaves) override;
  StatusOr<Micros> LoadProofsKeptFrom() override;
  StatusOr<std::vector<ledger::Transfer>> ReadTransfers(const std::string& hex_key, uint64_t before_id,
                                                        size_t count_max) const override;
  StatusOr<engine::StatementRows> ReadStatement(const engine::StatementQuery& query) const override;

  // SQLite's own check of every page and index. Cost: reads the whole file.
  Status CheckIntegrity();
  // Copies the database to a new file while the coordinator runs.
  Status BackUpTo(const std::string& path);

 private:
  SqliteStore(const SqliteOptions& options, const PublicKey& coordinator, MetricFactory& metrics,
              std::unique_ptr<Connection> writer, std::unique_ptr<Connection> reader);
  Status Prepare();
  Status WriteLeaves(const engine::Batch& batch);
  Status WriteRows(const engine::Batch& batch);
  Status WriteMoney(const engine::Batch& batch);
  Status ForgetOldAnswers(const engine::Batch& batch);
  Status LoadLeafHashes(std::vector<Digest>& leaf_hashes) PL_REQUIRES(reader_mutex_);
  Status LoadLedger(ledger::Ledger& ledger) PL_REQUIRES(reader_mutex_);
  void MeasureSize();
  class Timer;  // sqlite_timer.h

  const SqliteOptions options_;
  const PublicKey coordinator_;
  MetricFactory& metrics_;
  Gauge& size_bytes_;
  // Connections are behind pointers because their statements point at them.
  std::unique_ptr<Connection> writer_;        // null when read-only
  std::map<std::string, Statement> inserts_;  // by table
  uint64_t leaf_count_ = 0;
  uint64_t writes_ = 0;

  mutable Mutex reader_mutex_;
  std::unique_ptr<Connection> reader_ PL_GUARDED_BY(reader_mutex_);
  mutable std::map<std::string, Statement> selects_ PL_GUARDED_BY(reader_mutex_);
};

}  // namespace prooflode::store
