// Operating errors as values: absl::Status and absl::StatusOr with the two macros that pass them up.
//
// Codes have one meaning each: kInvalidArgument would never work; kFailedPrecondition wrong state;
// kResourceExhausted retry later and slower; kUnavailable retry; kDataLoss stop and call the operator;
// kInternal our own bug. Messages name the field or file, what came and what was wanted.
#pragma once

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/strings.h"

namespace prooflode {

using absl::Status;
using absl::StatusOr;

// The same status with `where` and a colon in front of its message. OK stays OK.
inline Status Annotate(const Status& status, std::string_view where) {
  if (status.ok()) return status;
  return Status(status.code(), absl::StrCat(Sv(where), ": ", status.message()));
}

}  // namespace prooflode

#define PL_CONCAT_INNER(a, b) a##b
#define PL_CONCAT(a, b) PL_CONCAT_INNER(a, b)

#define PL_RETURN_IF_ERROR(expression)                              \
  do {                                                              \
    if (::absl::Status pl_status = (expression); !pl_status.ok()) { \
      return pl_status;                                             \
    }                                                               \
  } while (false)

// PL_ASSIGN_OR_RETURN(auto value, Function()): declares or assigns on success, returns the status otherwise.
#define PL_ASSIGN_OR_RETURN(lhs, expression) \
  PL_ASSIGN_OR_RETURN_IMPL(PL_CONCAT(pl_status_or_, __LINE__), lhs, expression)
#define PL_ASSIGN_OR_RETURN_IMPL(result, lhs, expression) \
  auto result = (expression);                             \
  if (!result.ok()) return std::move(result).status();    \
  lhs = std::move(result).value()
