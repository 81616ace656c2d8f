// A strict reader of small JSON documents (RFC 8259) from strangers: it walks the text once, allocates
// nothing that grows with it, and never goes deeper than a limit. What is expected is asked for; anything
// else is an error that names the document, the place in it (pi_b[1][0]), what came and what was wanted.
#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "base/status.h"

namespace prooflode {

class JsonCursor {
 public:
  // `text` outlives the cursor. `name` is for messages. `depth_max` counts nested objects and arrays.
  JsonCursor(std::string_view text, std::string_view name, int depth_max);

  // Calls `member` with each key; it must consume the value. Keys with escapes are refused (they could hide a
  // double).
  Status Object(absl::FunctionRef<Status(std::string_view key)> member);
  // Calls `element` with each index; it must consume the element.
  Status Array(absl::FunctionRef<Status(size_t index)> element);
  // A string without escapes, without its quotes; a view into the text.
  StatusOr<std::string_view> PlainString();
  // A number that is a canonical non-negative integer of at most nine digits.
  StatusOr<uint32_t> SmallInteger();
  // Any well-formed value within the depth.
  Status Skip();
  // Nothing but white space may follow.
  Status End();

  // kInvalidArgument with the document and the current place in front of `what`.
  Status Error(std::string_view what) const;
  // `text` as it may stand in a message: quoted, escaped, shortened.
  static std::string Quote(std::string_view text);

 private:
  class Nesting;

  void SkipWhiteSpace();
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool AtEnd() const { return at_ >= text_.size(); }
  // What stands at the cursor, for messages.
  std::string Here() const;
  Status Open(char bracket, const char* wanted);
  // The raw inside of a string; `plain` refuses escapes.
  StatusOr<std::string_view> String(bool plain);
  Status SkipEscape();
  Status SkipNumber();
  Status SkipWord(std::string_view word);

  std::string_view text_;
  std::string name_;
  int depth_max_;
  int depth_ = 0;
  size_t at_ = 0;
  std::string path_;
};

}  // namespace prooflode
