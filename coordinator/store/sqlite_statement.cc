// What account statements are made of: sums over what moved before, and a page of what moved then.
#include "coordinator/engine/fields.h"
#include "coordinator/store/sqlite_timer.h"

namespace prooflode::store {
namespace {

// The lowest id of a transfer at or after `time`: their times never fall, so halving finds it.
StatusOr<uint64_t> FirstAt(Connection& db, Micros time) {
  PL_ASSIGN_OR_RETURN(const int64_t count, db.QueryInteger("SELECT count(*) FROM transfers"));
  PL_ASSIGN_OR_RETURN(Statement select, Statement::Prepare(db, "SELECT time_us FROM transfers WHERE id = ?"));
  uint64_t low = 1;
  uint64_t high = static_cast<uint64_t>(count) + 1;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    select(middle);
    PL_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return absl::DataLossError(absl::StrCat("store: transfer ", middle, " is missing"));
    const bool before = select.Integer(0) < Count(time);
    select.Reset();
    if (before) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

StatusOr<Amount> BalanceBefore(Connection& db, const ledger::AccountName& account, uint64_t id) {
  PL_ASSIGN_OR_RETURN(
      Statement sum,
      Statement::Prepare(db,
                         "SELECT (SELECT coalesce(sum(amount_units), 0) FROM transfers WHERE credit = ?1 AND "
                         "id < ?2) - (SELECT coalesce(sum(amount_units), 0) FROM transfers WHERE debit = ?1 "
                         "AND id < ?2)",
                         Strings::kText));
  sum(account);
  sum(id);
  PL_RETURN_IF_ERROR(sum.Step().status());
  return Amount{static_cast<uint64_t>(sum.Integer(0))};
}

}  // namespace

StatusOr<engine::StatementRows> SqliteStore::ReadStatement(const engine::StatementQuery& query) const {
  const Timer timer(*this, "read_statement");
  MutexLock lock(reader_mutex_);
  PL_ASSIGN_OR_RETURN(uint64_t first, FirstAt(*reader_, query.from));
  PL_ASSIGN_OR_RETURN(const uint64_t end, FirstAt(*reader_, query.until));
  first = std::max(first, query.after_id + 1);
  engine::StatementRows rows;
  std::string sql;
  const std::vector<ledger::AccountName> accounts = ledger::AccountsOf(query.hex_key);
  for (size_t i = 0; i < accounts.size(); ++i) {
    PL_ASSIGN_OR_RETURN(rows.before.emplace_back(), BalanceBefore(*reader_, accounts[i], first));
    for (const char* side : {"debit", "credit"}) {
      sql += absl::StrCat(sql.empty() ? "" : "UNION ", "SELECT * FROM (SELECT * FROM transfers WHERE ", side,
                          " = ?", 4 + i, " AND id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3) ");
    }
  }
  PL_ASSIGN_OR_RETURN(Statement select,
                      Statement::Prepare(*reader_, sql + "ORDER BY 1 LIMIT ?3", Strings::kText));
  select(first);
  select(end);
  select(query.count_max);
  for (const ledger::AccountName& account : accounts) select(account);
  while (true) {
    PL_ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return rows;
    RowReader reader(select);
    engine::VisitFields(reader, rows.transfers.emplace_back());
    if (!reader.ok()) return absl::DataLossError("store: a row of transfers is damaged");
  }
}

}  // namespace prooflode::store
