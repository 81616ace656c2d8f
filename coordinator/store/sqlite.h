// SQLite as values and statuses: connections, prepared statements, bound fields. Nothing outside
// coordinator/store sees SQLite.
//
// Not thread-safe; a connection belongs to one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"
#include "base/units.h"
#include "coordinator/engine/field_bytes.h"

struct sqlite3;
struct sqlite3_stmt;

namespace prooflode::store {

class Connection {
 public:
  enum class Mode { kReadWrite, kReadOnly };
  // `vfs` names a registered SQLite VFS; empty for the default.
  static StatusOr<Connection> Open(const std::string& path, Mode mode, const std::string& vfs = "");
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // Any number of statements; their rows are dropped.
  Status Execute(const std::string& sql);
  // The first column of the first row.
  StatusOr<int64_t> QueryInteger(const std::string& sql);
  StatusOr<std::string> QueryText(const std::string& sql);
  // Copies the whole database to a new file while others go on writing.
  Status BackUpTo(const std::string& path);
  // The last error as a status: RESOURCE_EXHAUSTED for a full disk, DATA_LOSS for a damaged file, UNAVAILABLE
  // for a locked one.
  Status Error(std::string_view doing) const;
  sqlite3* handle() const { return db_; }

 private:
  explicit Connection(sqlite3* db) : db_(db) {}
  sqlite3* db_ = nullptr;
};

// How std::string fields are stored: SQLite's strict tables tell text from bytes.
enum class Strings { kText, kBlob };

// A prepared statement, reusable: bind, Step until false, Reset. An archive for VisitFields:
// `statement(value)` binds the next parameter.
class Statement {
 public:
  static StatusOr<Statement> Prepare(Connection& connection, const std::string& sql,
                                     Strings strings = Strings::kBlob);
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  void BindInteger(int64_t value);
  void BindText(std::string_view value);
  void BindBlob(std::string_view value);
  void BindNull();

  template <typename T>
  requires std::is_integral_v<T> || std::is_enum_v<T>
  void operator()(const T& value) { BindInteger(static_cast<int64_t>(value)); }
  void operator()(const std::string& value) {
    strings_ == Strings::kText ? BindText(value) : BindBlob(value);
  }
  template <size_t N>
  void operator()(const std::array<uint8_t, N>& value) {
    BindBlob(AsChars(value));
  }
  template <typename Tag>
  void operator()(const market::Id<Tag>& value) {
    BindBlob(AsChars(value.bytes));
  }
  template <typename T>
  void operator()(const std::optional<T>& value) {
    if (value) {
      (*this)(*value);
    } else {
      BindNull();
    }
  }

  // True when there is a row, false at the end. Errors of earlier binds come out here.
  StatusOr<bool> Step();
  // Runs a statement that gives no rows, and resets it.
  Status Run();
  void Reset();

  // Columns of the present row, from 0.
  bool IsNull(int column) const;
  int64_t Integer(int column) const;
  std::string_view Bytes(int column) const;  // valid until the next Step or Reset

 private:
  Statement(Connection& connection, sqlite3_stmt* statement, Strings strings)
      : connection_(&connection), statement_(statement), strings_(strings) {}
  void Bound(int code);

  Connection* connection_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  Strings strings_ = Strings::kBlob;
  int next_parameter_ = 1;
  int bind_error_ = 0;
};

// Reads a row's columns in order: an archive for VisitFields. `ok()` is false once a column did not fit its
// field: a damaged or foreign database.
class RowReader {
 public:
  explicit RowReader(const Statement& row) : row_(row) {}

  template <typename T>
  requires std::is_integral_v<T>
  void operator()(T& value) {
    const int64_t raw = row_.Integer(column_);
    value = static_cast<T>(raw);
    ok_ = ok_ && !row_.IsNull(column_) && static_cast<int64_t>(value) == raw;
    ++column_;
  }
  template <typename T>
  requires std::is_enum_v<T>
  void operator()(T& value) {
    std::underlying_type_t<T> raw{};
    (*this)(raw);
    value = static_cast<T>(raw);
    ok_ = ok_ && engine::IsMember(value);
  }
  void operator()(std::string& value) { value = row_.Bytes(column_++); }
  template <size_t N>
  void operator()(std::array<uint8_t, N>& value) {
    ok_ = engine::FromFieldBytes(row_.Bytes(column_++), value) && ok_;
  }
  template <typename Tag>
  void operator()(market::Id<Tag>& value) {
    (*this)(value.bytes);
  }
  template <typename T>
  void operator()(std::optional<T>& value) {
    value.reset();
    if (row_.IsNull(column_)) {
      ++column_;
    } else {
      (*this)(value.emplace());
    }
  }
  bool ok() const { return ok_; }

 private:
  const Statement& row_;
  int column_ = 0;
  bool ok_ = true;
};

}  // namespace prooflode::store
