#include "coordinator/store/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "base/check.h"

namespace prooflode::store {
namespace {

constexpr int kBusyTimeoutMs = 10'000;

absl::StatusCode CodeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

StatusOr<Connection> Connection::Open(const std::string& path, Mode mode, const std::string& vfs) {
  const int flags =
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
      (mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, vfs.empty() ? nullptr : vfs.c_str());
  Connection connection(db);  // closes it on every way out
  if (code != SQLITE_OK) return connection.Error(absl::StrCat("open ", path));
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  PL_RETURN_IF_ERROR(connection.Execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"));
  return connection;
}

Connection::Connection(Connection&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(db_, other.db_);
  return *this;
}
Connection::~Connection() {
  if (db_ != nullptr) sqlite3_close_v2(db_);
}

Status Connection::Execute(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return Error(sql);
  return absl::OkStatus();
}

StatusOr<int64_t> Connection::QueryInteger(const std::string& sql) {
  PL_ASSIGN_OR_RETURN(Statement statement, Statement::Prepare(*this, sql));
  PL_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return absl::NotFoundError(absl::StrCat("store: no row: ", sql));
  return statement.Integer(0);
}

StatusOr<std::string> Connection::QueryText(const std::string& sql) {
  PL_ASSIGN_OR_RETURN(Statement statement, Statement::Prepare(*this, sql));
  PL_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return absl::NotFoundError(absl::StrCat("store: no row: ", sql));
  return std::string(statement.Bytes(0));
}

Status Connection::BackUpTo(const std::string& path) {
  PL_ASSIGN_OR_RETURN(Connection target, Open(path, Mode::kReadWrite));
  sqlite3_backup* backup = sqlite3_backup_init(target.db_, "main", db_, "main");
  if (backup == nullptr) return target.Error(absl::StrCat("back up to ", path));
  const int step = sqlite3_backup_step(backup, -1);
  const int finish = sqlite3_backup_finish(backup);
  if (step != SQLITE_DONE || finish != SQLITE_OK) return target.Error(absl::StrCat("back up to ", path));
  return absl::OkStatus();
}

Status Connection::Error(std::string_view doing) const {
  if (db_ == nullptr) return absl::ResourceExhaustedError("store: out of memory");
  return Status(CodeOf(sqlite3_extended_errcode(db_)),
                absl::StrCat("store: ", sqlite3_errmsg(db_), " (", Sv(doing), ")"));
}

StatusOr<Statement> Statement::Prepare(Connection& connection, const std::string& sql, Strings strings) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection.handle(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return connection.Error(sql);
  }
  return Statement(connection, statement, strings);
}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      strings_(other.strings_),
      next_parameter_(other.next_parameter_),
      bind_error_(other.bind_error_) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(statement_, other.statement_);
  std::swap(strings_, other.strings_);
  std::swap(next_parameter_, other.next_parameter_);
  std::swap(bind_error_, other.bind_error_);
  return *this;
}
Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::Bound(int code) {
  if (code != SQLITE_OK) bind_error_ = code;
}
void Statement::BindInteger(int64_t value) {
  Bound(sqlite3_bind_int64(statement_, next_parameter_++, value));
}
void Statement::BindText(std::string_view value) {
  Bound(sqlite3_bind_text64(statement_, next_parameter_++, value.data(), value.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
}
void Statement::BindBlob(std::string_view value) {
  // A null pointer would bind NULL rather than an empty blob.
  const char* data = value.empty() ? "" : value.data();
  Bound(sqlite3_bind_blob64(statement_, next_parameter_++, data, value.size(), SQLITE_TRANSIENT));
}
void Statement::BindNull() { Bound(sqlite3_bind_null(statement_, next_parameter_++)); }

StatusOr<bool> Statement::Step() {
  if (bind_error_ != SQLITE_OK) return connection_->Error("bind");
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return connection_->Error(sqlite3_sql(statement_));
}

Status Statement::Run() {
  const StatusOr<bool> row = Step();
  Reset();
  return row.status();
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  next_parameter_ = 1;
  bind_error_ = SQLITE_OK;
}

bool Statement::IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
int64_t Statement::Integer(int column) const { return sqlite3_column_int64(statement_, column); }
std::string_view Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), static_cast<size_t>(size));
}

}  // namespace prooflode::store
