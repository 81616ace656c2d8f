#include "prover/format/json_cursor.h"

#include "absl/strings/escaping.h"

namespace prooflode {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

// Extends the path by one step for its lifetime.
class JsonCursor::Nesting {
 public:
  Nesting(JsonCursor& cursor, const std::string& step) : cursor_(cursor), length_(cursor.path_.size()) {
    cursor_.path_ += step;
  }
  ~Nesting() { cursor_.path_.resize(length_); }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  JsonCursor& cursor_;
  size_t length_;
};

JsonCursor::JsonCursor(std::string_view text, std::string_view name, int depth_max)
    : text_(text), name_(name), depth_max_(depth_max) {}

std::string JsonCursor::Quote(std::string_view text) {
  constexpr size_t kShown = 90;
  const std::string shown = absl::CHexEscape(Sv(text.substr(0, kShown)));
  return absl::StrCat("\"", shown, text.size() > kShown ? "…\"" : "\"");
}

Status JsonCursor::Error(std::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(name_, ": ", path_, path_.empty() ? "" : ": ", Sv(what)));
}

std::string JsonCursor::Here() const {
  if (AtEnd()) return "the end of the text";
  return absl::StrCat(Quote(text_.substr(at_, 1)), " (byte ", at_, ")");
}

void JsonCursor::SkipWhiteSpace() {
  while (!AtEnd() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
    ++at_;
}

Status JsonCursor::Open(char bracket, const char* wanted) {
  SkipWhiteSpace();
  if (AtEnd() || Peek() != bracket) return Error(absl::StrCat("wanted ", wanted, ", found ", Here()));
  if (depth_ >= depth_max_) return Error(absl::StrCat("nested deeper than ", depth_max_));
  ++depth_;
  ++at_;
  SkipWhiteSpace();
  return absl::OkStatus();
}

Status JsonCursor::Object(absl::FunctionRef<Status(std::string_view key)> member) {
  PL_RETURN_IF_ERROR(Open('{', "an object"));
  if (Peek() != '}') {
    while (true) {
      SkipWhiteSpace();
      PL_ASSIGN_OR_RETURN(const std::string_view key, String(/*plain=*/true));
      SkipWhiteSpace();
      if (Peek() != ':') return Error(absl::StrCat("wanted ':' after ", Quote(key), ", found ", Here()));
      ++at_;
      {
        const std::string shown = absl::CHexEscape(Sv(key.substr(0, 40)));
        const Nesting nesting(*this, path_.empty() ? shown : absl::StrCat(".", shown));
        PL_RETURN_IF_ERROR(member(key));
      }
      SkipWhiteSpace();
      if (Peek() != ',') break;
      ++at_;
    }
  }
  if (Peek() != '}') return Error(absl::StrCat("wanted ',' or '}', found ", Here()));
  ++at_;
  --depth_;
  return absl::OkStatus();
}

Status JsonCursor::Array(absl::FunctionRef<Status(size_t index)> element) {
  PL_RETURN_IF_ERROR(Open('[', "an array"));
  if (Peek() != ']') {
    for (size_t index = 0;; ++index) {
      {
        const Nesting nesting(*this, absl::StrCat("[", index, "]"));
        PL_RETURN_IF_ERROR(element(index));
      }
      SkipWhiteSpace();
      if (Peek() != ',') break;
      ++at_;
    }
  }
  if (Peek() != ']') return Error(absl::StrCat("wanted ',' or ']', found ", Here()));
  ++at_;
  --depth_;
  return absl::OkStatus();
}

StatusOr<std::string_view> JsonCursor::PlainString() {
  SkipWhiteSpace();
  return String(/*plain=*/true);
}

StatusOr<std::string_view> JsonCursor::String(bool plain) {
  if (AtEnd() || Peek() != '"') return Error(absl::StrCat("wanted a string, found ", Here()));
  const size_t start = ++at_;
  while (!AtEnd() && Peek() != '"') {
    if (static_cast<unsigned char>(Peek()) < 0x20) {
      return Error(absl::StrCat("control character ", Here(), " in a string"));
    }
    if (Peek() == '\\') {
      if (plain) return Error(absl::StrCat("escape in a string at byte ", at_, ", wanted plain characters"));
      PL_RETURN_IF_ERROR(SkipEscape());
    } else {
      ++at_;
    }
  }
  if (AtEnd()) return Error("the text ends within a string");
  return text_.substr(start, at_++ - start);
}

Status JsonCursor::SkipEscape() {
  ++at_;
  constexpr std::string_view kSimple = "\"\\/bfnrt";
  if (!AtEnd() && kSimple.find(Peek()) != std::string_view::npos) {
    ++at_;
    return absl::OkStatus();
  }
  if (Peek() != 'u') return Error(absl::StrCat("unknown escape ", Here()));
  ++at_;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (!IsHexDigit(Peek()))
      return Error(absl::StrCat("wanted four hexadecimal digits after \\u, found ", Here()));
  }
  return absl::OkStatus();
}

StatusOr<uint32_t> JsonCursor::SmallInteger() {
  constexpr size_t kDigitsMax = 9;
  SkipWhiteSpace();
  const size_t start = at_;
  uint32_t value = 0;
  while (IsDigit(Peek()) && at_ - start <= kDigitsMax)
    value = value * 10 + static_cast<uint32_t>(text_[at_++] - '0');
  const size_t digits = at_ - start;
  const bool leading_zero = digits > 1 && text_[start] == '0';
  const bool more = Peek() == '.' || Peek() == 'e' || Peek() == 'E';
  if (digits == 0 || digits > kDigitsMax || leading_zero || more) {
    return Error(absl::StrCat("wanted an integer of at most ", kDigitsMax, " digits without sign, found ",
                              digits == 0 ? Here() : Quote(text_.substr(start, digits + 1))));
  }
  return value;
}

Status JsonCursor::SkipNumber() {
  const size_t start = at_;
  const auto digits = [this] {
    const size_t first = at_;
    while (IsDigit(Peek())) ++at_;
    return at_ - first;
  };
  if (Peek() == '-') ++at_;
  const bool zero = Peek() == '0';
  const size_t whole = digits();
  bool good = whole > 0 && !(zero && whole > 1);
  if (Peek() == '.') {
    ++at_;
    good = digits() > 0 && good;
  }
  if (Peek() == 'e' || Peek() == 'E') {
    ++at_;
    if (Peek() == '+' || Peek() == '-') ++at_;
    good = digits() > 0 && good;
  }
  if (!good)
    return Error(absl::StrCat("wanted a value, found ", Quote(text_.substr(start, at_ - start + 1))));
  return absl::OkStatus();
}

Status JsonCursor::SkipWord(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return Error(absl::StrCat("wanted a value, found ", Here()));
  at_ += word.size();
  return absl::OkStatus();
}

Status JsonCursor::Skip() {
  SkipWhiteSpace();
  switch (Peek()) {
    case '{':
      return Object([this](std::string_view) { return Skip(); });
    case '[':
      return Array([this](size_t) { return Skip(); });
    case '"':
      return String(/*plain=*/false).status();
    case 't':
      return SkipWord("true");
    case 'f':
      return SkipWord("false");
    case 'n':
      return SkipWord("null");
    default:
      return SkipNumber();
  }
}

Status JsonCursor::End() {
  SkipWhiteSpace();
  if (!AtEnd()) return Error(absl::StrCat("wanted the end of the text, found ", Here()));
  return absl::OkStatus();
}

}  // namespace prooflode
