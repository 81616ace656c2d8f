#include "coordinator/store/sqlite_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/failpoint.h"
#include "base/files.h"
#include "coordinator/engine/fields.h"
#include "coordinator/store/schema.h"
#include "coordinator/store/sqlite_timer.h"

namespace prooflode::store {
namespace {

constexpr uint64_t kWritesBetweenChores = 256;
constexpr size_t kLeavesRehashedAtLoad = 1000;

Status Initialise(Connection& db, const PublicKey& coordinator) {
  PL_RETURN_IF_ERROR(db.Execute("BEGIN IMMEDIATE"));
  PL_RETURN_IF_ERROR(db.Execute(kSchema));
  PL_RETURN_IF_ERROR(db.Execute(absl::StrCat("INSERT INTO schema_version VALUES (", kSchemaVersion,
                                             "); INSERT INTO coordinator VALUES (x'", HexEncode(coordinator),
                                             "'); PRAGMA application_id = ", kApplicationId)));
  return db.Execute("COMMIT");
}

// Whose database it is, after a look at program and version; nullopt for an empty file.
StatusOr<std::optional<PublicKey>> CoordinatorOf(Connection& db, const std::string& path) {
  PL_ASSIGN_OR_RETURN(const int64_t application, db.QueryInteger("PRAGMA application_id"));
  PL_ASSIGN_OR_RETURN(const int64_t tables, db.QueryInteger("SELECT count(*) FROM sqlite_schema"));
  if (application == 0 && tables == 0) return std::nullopt;
  if (application != kApplicationId) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": not a prooflode coordinator's database"));
  }
  PL_ASSIGN_OR_RETURN(const int64_t version, db.QueryInteger("SELECT version FROM schema_version"));
  if (version != kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": schema version ", version, ", this program wants ", kSchemaVersion));
  }
  PL_ASSIGN_OR_RETURN(const std::string bytes,
                      db.QueryText("SELECT coalesce((SELECT successor FROM handovers ORDER BY tree_size DESC "
                                   "LIMIT 1), (SELECT public_key FROM coordinator))"));
  PublicKey key{};
  if (!engine::FromFieldBytes(bytes, key)) return absl::DataLossError(absl::StrCat(path, ": damaged key"));
  return key;
}

// "?,?,…" for a table whose columns are all given.
std::string InsertSql(const std::string& table, const std::string& verb, int columns) {
  std::string sql = absl::StrCat(verb, " INTO ", table, " VALUES (?");
  for (int i = 1; i < columns; ++i) sql += ",?";
  return sql + ")";
}

// Newest first: parameter 1 is the id before which they are, 2 how many, then the accounts of a key. One
// bounded index walk an account and side; UNION drops what two of them found.
std::string TransfersSql() {
  std::string sql;
  for (size_t i = 0; i < ledger::AccountsOf("").size(); ++i) {
    for (const char* side : {"debit", "credit"}) {
      sql += absl::StrCat(sql.empty() ? "" : "UNION ", "SELECT * FROM (SELECT * FROM transfers WHERE ", side,
                          " = ?", 3 + i, " AND id < ?1 ORDER BY id DESC LIMIT ?2) ");
    }
  }
  return sql + "ORDER BY 1 DESC LIMIT ?2";
}

Status Damaged(std::string_view what) {
  return absl::DataLossError(absl::StrCat("store: a row of ", Sv(what), " is damaged"));
}

// Calls load(noun) for each row of a table whose columns are Noun's fields.
template <typename Noun, typename Load>
Status LoadTable(Connection& db, const std::string& table, Load load) {
  PL_ASSIGN_OR_RETURN(Statement rows, Statement::Prepare(db, absl::StrCat("SELECT * FROM ", table)));
  while (true) {
    PL_ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return absl::OkStatus();
    Noun noun;
    RowReader reader(rows);
    engine::VisitFields(reader, noun);
    if (!reader.ok()) return Damaged(table);
    load(std::move(noun));
  }
}

}  // namespace

SqliteStore::SqliteStore(const SqliteOptions& options, const PublicKey& coordinator, MetricFactory& metrics,
                         std::unique_ptr<Connection> writer, std::unique_ptr<Connection> reader)
    : options_(options),
      coordinator_(coordinator),
      metrics_(metrics),
      size_bytes_(metrics.GetGauge("prooflode_coordinator_db_size_bytes", "Size of the database")),
      writer_(std::move(writer)),
      reader_(std::move(reader)) {}

StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const std::string& path,
                                                         const PublicKey& coordinator,
                                                         const SqliteOptions& options,
                                                         MetricFactory& metrics) {
  PL_ASSIGN_OR_RETURN(Connection opened, Connection::Open(path, Connection::Mode::kReadWrite, options.vfs));
  auto writer = std::make_unique<Connection>(std::move(opened));
  PL_ASSIGN_OR_RETURN(const std::string mode, writer->QueryText("PRAGMA journal_mode = WAL"));
  if (mode != "wal") return absl::FailedPreconditionError(absl::StrCat(path, ": journal mode is ", mode));
  PL_RETURN_IF_ERROR(
      writer->Execute(options.skip_sync_for_test ? "PRAGMA synchronous = OFF" : "PRAGMA synchronous = FULL"));
  PL_ASSIGN_OR_RETURN(const std::optional<PublicKey> owner, CoordinatorOf(*writer, path));
  if (!owner) {
    PL_RETURN_IF_ERROR(Initialise(*writer, coordinator));
  } else if (*owner != coordinator) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": belongs to the coordinator with the key ", HexEncode(*owner)));
  }
  PL_ASSIGN_OR_RETURN(Connection reading, Connection::Open(path, Connection::Mode::kReadOnly, options.vfs));
  auto store = std::unique_ptr<SqliteStore>(new SqliteStore(
      options, coordinator, metrics, std::move(writer), std::make_unique<Connection>(std::move(reading))));
  PL_RETURN_IF_ERROR(store->Prepare());
  store->MeasureSize();
  return store;
}

StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::OpenReadOnly(const std::string& path,
                                                                 MetricFactory& metrics) {
  PL_ASSIGN_OR_RETURN(Connection reading, Connection::Open(path, Connection::Mode::kReadOnly));
  auto reader = std::make_unique<Connection>(std::move(reading));
  PL_ASSIGN_OR_RETURN(const std::optional<PublicKey> owner, CoordinatorOf(*reader, path));
  if (!owner) return absl::FailedPreconditionError(absl::StrCat(path, ": an empty database"));
  PL_RETURN_IF_ERROR(reader->Execute("BEGIN"));  // until the end: one moment
  auto store = std::unique_ptr<SqliteStore>(
      new SqliteStore(SqliteOptions(), *owner, metrics, nullptr, std::move(reader)));
  PL_RETURN_IF_ERROR(store->Prepare());
  return store;
}

StatusOr<std::optional<PublicKey>> SqliteStore::FindCoordinator(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
  PL_ASSIGN_OR_RETURN(Connection reading, Connection::Open(path, Connection::Mode::kReadOnly));
  return CoordinatorOf(reading, path);
}

Status SqliteStore::Prepare() {
  struct Wanted {
    const char* table;
    const char* verb;
    int columns;
    Strings strings;
  };
  constexpr Wanted kInserts[] = {
      {"leaves", "INSERT", 3, Strings::kBlob},       {"circuits", "INSERT", 19, Strings::kText},
      {"jobs", "REPLACE", 29, Strings::kBlob},       {"attempts", "REPLACE", 21, Strings::kBlob},
      {"candidacies", "REPLACE", 6, Strings::kBlob}, {"standings", "REPLACE", 3, Strings::kBlob},
      {"accounts", "REPLACE", 2, Strings::kText},    {"transfers", "INSERT", 8, Strings::kText},
      {"answers", "INSERT", 5, Strings::kBlob},      {"withdrawals", "REPLACE", 9, Strings::kText},
      {"suspensions", "REPLACE", 5, Strings::kText}, {"handovers", "INSERT", 6, Strings::kBlob},
      {"proofs", "INSERT", 2, Strings::kBlob}};
  if (writer_ != nullptr) {
    for (const Wanted& wanted : kInserts) {
      PL_ASSIGN_OR_RETURN(
          Statement statement,
          Statement::Prepare(*writer_, InsertSql(wanted.table, wanted.verb, wanted.columns), wanted.strings));
      inserts_.emplace(wanted.table, std::move(statement));
    }
    PL_ASSIGN_OR_RETURN(
        Statement over,
        Statement::Prepare(*writer_, "DELETE FROM candidacies WHERE job = ? AND miner = ?", Strings::kBlob));
    inserts_.emplace("candidacies_over", std::move(over));
    PL_ASSIGN_OR_RETURN(Statement gone,
                        Statement::Prepare(*writer_, "DELETE FROM proofs WHERE leaf_index = ?"));
    inserts_.emplace("proofs_gone", std::move(gone));
    PL_ASSIGN_OR_RETURN(const int64_t leaves, writer_->QueryInteger("SELECT count(*) FROM leaves"));
    leaf_count_ = static_cast<uint64_t>(leaves);
  }
  const std::pair<const char*, std::string> selects[] = {
      {"answer", "SELECT content, time_us, answer FROM answers WHERE identity = ? AND request_id = ?"},
      {"leaves",
       "SELECT leaf_index, bytes, hash, proof FROM leaves LEFT JOIN proofs USING (leaf_index) "
       "WHERE leaf_index >= ? ORDER BY leaf_index LIMIT ?"},
      {"transfers", TransfersSql()}};
  MutexLock lock(reader_mutex_);
  for (const auto& [name, sql] : selects) {
    PL_ASSIGN_OR_RETURN(Statement statement, Statement::Prepare(*reader_, sql, Strings::kText));
    selects_.emplace(name, std::move(statement));
  }
  return absl::OkStatus();
}

Status SqliteStore::Load(market::Market& market, std::vector<Digest>& leaf_hashes) {
  {
    MutexLock lock(reader_mutex_);
    Connection& db = *reader_;
    PL_RETURN_IF_ERROR(LoadTable<market::Circuit>(
        db, "circuits", [&](market::Circuit c) { market.LoadCircuit(std::move(c)); }));
    PL_RETURN_IF_ERROR(
        LoadTable<market::Job>(db, "jobs", [&](market::Job j) { market.LoadJob(std::move(j)); }));
    PL_RETURN_IF_ERROR(LoadTable<market::Attempt>(
        db, "attempts", [&](market::Attempt a) { market.LoadAttempt(std::move(a)); }));
    PL_RETURN_IF_ERROR(LoadTable<market::Withdrawal>(
        db, "withdrawals", [&](market::Withdrawal w) { market.LoadWithdrawal(std::move(w)); }));
    PL_RETURN_IF_ERROR(LoadTable<market::Suspension>(
        db, "suspensions", [&](market::Suspension s) { market.LoadSuspension(std::move(s)); }));
    PL_RETURN_IF_ERROR(LoadTable<market::Candidacy>(
        db, "candidacies", [&](const market::Candidacy& c) { market.LoadCandidacy(c); }));
    PL_RETURN_IF_ERROR(LoadTable<market::Standing>(
        db, "standings", [&](const market::Standing& s) { market.LoadStanding(s); }));
    PL_RETURN_IF_ERROR(LoadLedger(market.LedgerForLoading()));
    PL_RETURN_IF_ERROR(LoadLeafHashes(leaf_hashes));
  }
  PL_RETURN_IF_ERROR(Annotate(market.FinishLoading(), "store"));
  // A flipped bit in what was written last, the likeliest to be torn; all leaves are checked by `check`.
  const uint64_t from = leaf_hashes.size() - std::min(leaf_hashes.size(), kLeavesRehashedAtLoad);
  PL_ASSIGN_OR_RETURN(const auto last, ReadLeaves(from, kLeavesRehashedAtLoad));
  for (const transparency::Leaf& leaf : last) {
    if (transparency::LeafHash(AsBytes(leaf.bytes)) != leaf.hash) {
      return absl::DataLossError(absl::StrCat("store: leaf ", leaf.index, " does not have its stored hash"));
    }
  }
  return absl::OkStatus();
}

StatusOr<std::vector<KeyHandover>> SqliteStore::LoadHandovers() {
  MutexLock lock(reader_mutex_);
  std::vector<KeyHandover> handovers;
  PL_RETURN_IF_ERROR(LoadTable<KeyHandover>(*reader_, "handovers ORDER BY tree_size",
                                            [&](const KeyHandover& h) { handovers.push_back(h); }));
  return handovers;
}

Status SqliteStore::LoadLedger(ledger::Ledger& ledger) {
  Connection& db = *reader_;
  PL_ASSIGN_OR_RETURN(Statement accounts, Statement::Prepare(db, "SELECT name, balance_units FROM accounts"));
  while (true) {
    PL_ASSIGN_OR_RETURN(const bool more, accounts.Step());
    if (!more) break;
    ledger.LoadBalance(std::string(accounts.Bytes(0)), Amount{static_cast<uint64_t>(accounts.Integer(1))});
  }
  PL_RETURN_IF_ERROR(LoadTable<ledger::Transfer>(
      db, "transfers WHERE external_reference <> ''",
      [&](ledger::Transfer transfer) { ledger.LoadReferencedTransfer(std::move(transfer)); }));
  PL_ASSIGN_OR_RETURN(const int64_t count, db.QueryInteger("SELECT count(*) FROM transfers"));
  ledger.LoadTransferCount(static_cast<uint64_t>(count));
  return absl::OkStatus();
}

Status SqliteStore::LoadLeafHashes(std::vector<Digest>& leaf_hashes) {
  leaf_hashes.clear();
  PL_ASSIGN_OR_RETURN(
      Statement rows,
      Statement::Prepare(*reader_, "SELECT leaf_index, hash FROM leaves ORDER BY leaf_index"));
  while (true) {
    PL_ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return absl::OkStatus();
    RowReader reader(rows);
    uint64_t index = 0;
    Digest hash{};
    reader(index);
    reader(hash);
    if (!reader.ok()) return Damaged("leaves");
    if (index != leaf_hashes.size()) {
      return absl::DataLossError(absl::StrCat("store: leaf ", leaf_hashes.size(), " is missing"));
    }
    leaf_hashes.push_back(hash);
  }
}

Status SqliteStore::Write(const engine::Batch& batch) {
  if (writer_ == nullptr) return absl::FailedPreconditionError("store: opened for reading only");
  const Timer timer(*this, "write");
  PL_RETURN_IF_ERROR(writer_->Execute("BEGIN IMMEDIATE"));
  Status status = WriteLeaves(batch);
  if (status.ok()) status = WriteRows(batch);
  if (status.ok()) status = WriteMoney(batch);
  if (status.ok() && writes_ % kWritesBetweenChores == 0) status = ForgetOldAnswers(batch);
  Failpoint("store.before_commit");
  if (status.ok()) status = writer_->Execute("COMMIT");
  if (!status.ok()) {
    (void)writer_->Execute("ROLLBACK");  // the first error is the one that matters
    return status;
  }
  leaf_count_ += batch.leaves.size();
  if (writes_++ % kWritesBetweenChores == 0) MeasureSize();
  return absl::OkStatus();
}

Status SqliteStore::WriteLeaves(const engine::Batch& batch) {
  Statement& leaves = inserts_.at("leaves");
  Statement& proofs = inserts_.at("proofs");
  uint64_t next = leaf_count_;
  for (const transparency::Leaf& leaf : batch.leaves) {
    if (leaf.index != next++) {
      return absl::InternalError(absl::StrCat("store: leaf ", leaf.index, ", want ", next - 1));
    }
    leaves(leaf.index);
    leaves(leaf.bytes);
    leaves(leaf.hash);
    PL_RETURN_IF_ERROR(leaves.Run());
    if (!leaf.proof) continue;
    proofs(leaf.index);
    proofs(*leaf.proof);
    PL_RETURN_IF_ERROR(proofs.Run());
  }
  return absl::OkStatus();
}

Status SqliteStore::WriteRows(const engine::Batch& batch) {
  const auto write_all = [this](const std::string& table, const auto& rows) -> Status {
    Statement& insert = inserts_.at(table);
    for (const auto& row : rows) {
      engine::VisitFields(insert, row);
      PL_RETURN_IF_ERROR(insert.Run());
    }
    return absl::OkStatus();
  };
  PL_RETURN_IF_ERROR(write_all("circuits", batch.circuits));
  PL_RETURN_IF_ERROR(write_all("jobs", batch.jobs));
  PL_RETURN_IF_ERROR(write_all("attempts", batch.attempts));
  PL_RETURN_IF_ERROR(write_all("candidacies", batch.candidacies));
  PL_RETURN_IF_ERROR(write_all("standings", batch.standings));
  PL_RETURN_IF_ERROR(write_all("transfers", batch.transfers));
  PL_RETURN_IF_ERROR(write_all("withdrawals", batch.withdrawals));
  PL_RETURN_IF_ERROR(write_all("suspensions", batch.suspensions));
  if (batch.handover) PL_RETURN_IF_ERROR(write_all("handovers", std::vector{*batch.handover}));
  Statement& over = inserts_.at("candidacies_over");
  for (const auto& [job, miner] : batch.candidacies_over) {
    over(job);
    over(miner);
    PL_RETURN_IF_ERROR(over.Run());
  }
  Statement& answers = inserts_.at("answers");
  for (const engine::StoredAnswer& answer : batch.answers) {
    answers(answer.identity);
    answers(answer.request_id);
    answers(answer.content);
    answers(answer.time);
    answers(answer.answer);
    PL_RETURN_IF_ERROR(answers.Run());
  }
  return absl::OkStatus();
}

Status SqliteStore::WriteMoney(const engine::Batch& batch) {
  Statement& accounts = inserts_.at("accounts");
  for (const auto& [name, balance] : batch.balances) {
    accounts(name);
    accounts(balance);
    PL_RETURN_IF_ERROR(accounts.Run());
  }
  return absl::OkStatus();
}

Status SqliteStore::ForgetOldAnswers(const engine::Batch& batch) {
  if (batch.answers.empty()) return absl::OkStatus();
  PL_ASSIGN_OR_RETURN(Statement forget,
                      Statement::Prepare(*writer_, "DELETE FROM answers WHERE time_us < ?"));
  forget(batch.answers.back().time - options_.answers_kept);
  return forget.Run();
}

StatusOr<std::optional<engine::StoredAnswer>> SqliteStore::FindAnswer(const market::Identity& identity,
                                                                      const std::string& request_id) const {
  const Timer timer(*this, "find_answer");
  MutexLock lock(reader_mutex_);
  Statement& select = selects_.at("answer");
  select.BindBlob(AsChars(identity));
  select.BindBlob(request_id);
  const StatusOr<bool> found = select.Step();
  std::optional<engine::StoredAnswer> answer;
  bool ok = true;
  if (found.ok() && *found) {
    answer.emplace();
    answer->identity = identity;
    answer->request_id = request_id;
    RowReader reader(select);
    reader(answer->content);
    reader(answer->time);
    reader(answer->answer);
    ok = reader.ok();
  }
  select.Reset();
  PL_RETURN_IF_ERROR(found.status());
  if (!ok) return Damaged("answers");
  return answer;
}

Status SqliteStore::DeleteProofs(Micros kept_from, const std::vector<market::LeafIndex>& leaves) {
  if (writer_ == nullptr) return absl::FailedPreconditionError("store: opened for reading only");
  const Timer timer(*this, "delete_proofs");
  PL_RETURN_IF_ERROR(writer_->Execute("BEGIN IMMEDIATE"));
  Status status =
      writer_->Execute(absl::StrCat("UPDATE proofs_kept SET from_us = max(from_us, ", Count(kept_from), ")"));
  Statement& gone = inserts_.at("proofs_gone");
  for (size_t i = 0; status.ok() && i < leaves.size(); ++i) {
    gone(leaves[i]);
    status = gone.Run();
  }
  if (status.ok()) status = writer_->Execute("COMMIT");
  if (!status.ok()) (void)writer_->Execute("ROLLBACK");
  return status;
}

StatusOr<Micros> SqliteStore::LoadProofsKeptFrom() {
  MutexLock lock(reader_mutex_);
  PL_ASSIGN_OR_RETURN(const int64_t from, reader_->QueryInteger("SELECT from_us FROM proofs_kept"));
  return Micros{from};
}

StatusOr<std::vector<transparency::Leaf>> SqliteStore::ReadLeaves(uint64_t from, size_t count_max) const {
  const Timer timer(*this, "read_leaves");
  MutexLock lock(reader_mutex_);
  Statement& select = selects_.at("leaves");
  select(from);
  select(count_max);
  std::vector<transparency::Leaf> leaves;
  Status status;
  while (true) {
    const StatusOr<bool> more = select.Step();
    status = more.status();
    if (!more.ok() || !*more) break;
    RowReader reader(select);
    transparency::Leaf& leaf = leaves.emplace_back();
    reader(leaf.index);
    reader(leaf.bytes);
    reader(leaf.hash);
    reader(leaf.proof);
    if (!reader.ok()) status = Damaged("leaves");
    if (!status.ok()) break;
  }
  select.Reset();
  PL_RETURN_IF_ERROR(status);
  return leaves;
}

StatusOr<std::vector<ledger::Transfer>> SqliteStore::ReadTransfers(const std::string& hex_key,
                                                                   uint64_t before_id,
                                                                   size_t count_max) const {
  const Timer timer(*this, "read_transfers");
  MutexLock lock(reader_mutex_);
  Statement& select = selects_.at("transfers");
  select.BindInteger(before_id == 0 ? std::numeric_limits<int64_t>::max() : static_cast<int64_t>(before_id));
  select(count_max);
  for (const ledger::AccountName& account : ledger::AccountsOf(hex_key)) select(account);
  std::vector<ledger::Transfer> transfers;
  Status status;
  while (true) {
    const StatusOr<bool> more = select.Step();
    status = more.status();
    if (!more.ok() || !*more) break;
    RowReader reader(select);
    engine::VisitFields(reader, transfers.emplace_back());
    if (!reader.ok()) status = Damaged("transfers");
    if (!status.ok()) break;
  }
  select.Reset();
  PL_RETURN_IF_ERROR(status);
  return transfers;
}

Status SqliteStore::CheckIntegrity() {
  MutexLock lock(reader_mutex_);
  PL_ASSIGN_OR_RETURN(const std::string result, reader_->QueryText("PRAGMA integrity_check(1)"));
  if (result != "ok") return absl::DataLossError(absl::StrCat("store: ", result));
  return absl::OkStatus();
}

Status SqliteStore::BackUpTo(const std::string& path) {
  if (access(path.c_str(), F_OK) == 0) return absl::AlreadyExistsError(absl::StrCat(path, ": exists"));
  MutexLock lock(reader_mutex_);
  return reader_->BackUpTo(path);
}

void SqliteStore::MeasureSize() {
  const StatusOr<int64_t> pages = writer_->QueryInteger("PRAGMA page_count");
  const StatusOr<int64_t> page_size = writer_->QueryInteger("PRAGMA page_size");
  if (pages.ok() && page_size.ok()) size_bytes_.Set(static_cast<double>(*pages * *page_size));
}

}  // namespace prooflode::store
