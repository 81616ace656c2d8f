#include "transparency/checkpoint.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/check.h"

namespace prooflode::transparency {
namespace {

constexpr size_t kExtensionsMax = 16;
constexpr size_t kFixedLines = 3;

Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("checkpoint: ", Sv(what)));
}

bool ParseSize(std::string_view text, uint64_t* size) {
  return absl::SimpleAtoi(Sv(text), size) && absl::StrCat(*size) == text && *size <= INT64_MAX;
}

}  // namespace

StatusOr<NoteKey> LogKeyOf(std::string_view market, const PublicKey& coordinator) {
  NoteKey key{.name = absl::StrCat("prooflode/", Sv(market)), .key = coordinator};
  if (market.empty() || !IsNoteKeyName(key.name)) {
    return absl::InvalidArgumentError("market: its name has white space or a plus, or is empty or too long");
  }
  return key;
}

std::string CheckpointText(const Checkpoint& checkpoint) {
  PL_CHECK(IsNoteKeyName(checkpoint.origin));
  std::string text = absl::StrCat(checkpoint.origin, "\n", checkpoint.head.size, "\n",
                                  Base64Encode(checkpoint.head.root), "\n");
  for (const std::string& line : checkpoint.extensions) {
    PL_CHECK(!line.empty() && line.find('\n') == std::string::npos);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

StatusOr<Checkpoint> ParseCheckpointText(std::string_view text) {
  if (!IsNoteText(text)) return Malformed("not the text of a note");
  const std::vector<std::string> lines = absl::StrSplit(Sv(text.substr(0, text.size() - 1)), '\n');
  if (lines.size() < kFixedLines || lines.size() > kFixedLines + kExtensionsMax) {
    return Malformed(
        absl::StrCat(lines.size(), " lines; want origin, size, root and at most ", kExtensionsMax, " more"));
  }
  Checkpoint checkpoint{.origin = lines[0], .head = {}, .extensions = {}};
  if (!IsNoteKeyName(checkpoint.origin)) return Malformed("the origin is not a name");
  if (!ParseSize(lines[1], &checkpoint.head.size)) {
    return Malformed("the size is not a decimal number below 2^63 without leading zeros");
  }
  PL_ASSIGN_OR_RETURN(const std::string root, Base64Decode(lines[2]));
  if (root.size() != checkpoint.head.root.size()) {
    return Malformed(
        absl::StrCat("the root has ", root.size(), " bytes; want ", checkpoint.head.root.size()));
  }
  std::copy(root.begin(), root.end(), checkpoint.head.root.begin());
  checkpoint.extensions.assign(lines.begin() + kFixedLines, lines.end());
  const bool empty_line = std::any_of(checkpoint.extensions.begin(), checkpoint.extensions.end(),
                                      [](const std::string& line) { return line.empty(); });
  if (empty_line) return Malformed("an extension line is empty");
  return checkpoint;
}

std::string SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& signer) {
  const std::string text = CheckpointText(checkpoint);
  return FormatNote({.text = text, .signatures = {SignNote(text, checkpoint.origin, signer)}});
}

StatusOr<OpenedCheckpoint> OpenCheckpoint(std::string_view bytes, const NoteKey& log_key,
                                          const std::vector<NoteKey>& witnesses) {
  if (log_key.kind != NoteKeyKind::kEd25519) {
    return Malformed(absl::StrCat("the log's key ", log_key.Text(), " is not of kind 1 (Ed25519)"));
  }
  OpenedCheckpoint opened;
  PL_ASSIGN_OR_RETURN(opened.note, ParseNote(bytes));
  PL_ASSIGN_OR_RETURN(opened.checkpoint, ParseCheckpointText(opened.note.text));
  if (opened.checkpoint.origin != log_key.name) {
    return Malformed(absl::StrCat("is of the log ", opened.checkpoint.origin, "; want ", log_key.name));
  }
  if (!IsSignedBy(opened.note, log_key)) {
    return absl::UnauthenticatedError(
        absl::StrCat("checkpoint: no right signature of the log's key ", log_key.Text()));
  }
  opened.signer = log_key.key;
  for (size_t i = 0; i < witnesses.size(); ++i) {
    const bool is_witness =
        witnesses[i].kind == NoteKeyKind::kCosignatureV1 && witnesses[i].key != log_key.key;
    const bool seen_before = std::find(witnesses.begin(), witnesses.begin() + static_cast<ptrdiff_t>(i),
                                       witnesses[i]) != witnesses.begin() + static_cast<ptrdiff_t>(i);
    if (is_witness && !seen_before && IsSignedBy(opened.note, witnesses[i])) ++opened.witnesses;
  }
  return opened;
}

}  // namespace prooflode::transparency
