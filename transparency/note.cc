#include "transparency/note.h"

#include <algorithm>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/printable.h"

namespace prooflode::transparency {
namespace {

constexpr std::string_view kSignatureMark = "\xe2\x80\x94 ";  // em dash, space
constexpr size_t kTimeBytes = 8;
constexpr size_t kIdBytes = 4;

Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("note: ", Sv(what)));
}

std::string CosignedText(std::string_view text, uint64_t unix_seconds) {
  return absl::StrCat("cosignature/v1\ntime ", unix_seconds, "\n", Sv(text));
}

bool Verifies(std::string_view text, const NoteKey& key, std::string_view bytes) {
  std::string covered(text);
  if (key.kind == NoteKeyKind::kCosignatureV1) {
    if (bytes.size() < kTimeBytes) return false;
    covered = CosignedText(text, LoadBe<uint64_t>(AsBytes(bytes).data()));
    bytes.remove_prefix(kTimeBytes);
  }
  Signature signature;
  if (bytes.size() != signature.size()) return false;
  std::copy(bytes.begin(), bytes.end(), signature.begin());
  return VerifyTextSignature(key.key, covered, signature);
}

StatusOr<NoteSignature> ParseSignatureLine(std::string_view line) {
  if (!line.starts_with(kSignatureMark))
    return Malformed("a signature line begins with an em dash and a space");
  line.remove_prefix(kSignatureMark.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return Malformed("a signature line wants a name, a space and base64");
  NoteSignature signature{.name = std::string(line.substr(0, space)), .key_id = 0, .bytes = {}};
  if (!IsNoteKeyName(signature.name))
    return Malformed("a signature's key name is empty, too long or has a space or plus");
  PL_ASSIGN_OR_RETURN(const std::string raw, Base64Decode(line.substr(space + 1)));
  if (raw.size() <= kIdBytes) return Malformed("a signature is shorter than its key id");
  signature.key_id = LoadBe<uint32_t>(AsBytes(raw).data());
  signature.bytes = raw.substr(kIdBytes);
  return signature;
}

}  // namespace

std::string Base64Encode(ByteSpan bytes) { return absl::Base64Escape(Sv(AsChars(bytes))); }

StatusOr<std::string> Base64Decode(std::string_view text) {
  std::string bytes;
  // Abseil's decoder forgives white space and missing padding; only the one right spelling encodes back to
  // itself.
  if (!absl::Base64Unescape(Sv(text), &bytes) || Base64Encode(AsBytes(bytes)) != text) {
    return absl::InvalidArgumentError("base64: not the canonical form with padding");
  }
  return bytes;
}

bool IsNoteKeyName(std::string_view name) {
  return !name.empty() && name.size() <= 200 && std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '+';  // ASCII only: no invisible or look-alike names
  });
}

bool IsNoteText(std::string_view text) {
  return !text.empty() && text.size() <= kNoteSizeMax && text.back() == '\n' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= ' ' || c == '\n'; });
}

uint32_t NoteKey::Id() const {
  Sha256Stream hash;
  hash.Update(AsBytes(name));
  const uint8_t separator_and_kind[] = {'\n', static_cast<uint8_t>(kind)};
  hash.Update(separator_and_kind);
  hash.Update(key);
  return LoadBe<uint32_t>(hash.Finish().data());
}

std::string NoteKey::Text() const {
  std::string bytes(1, static_cast<char>(kind));
  bytes.append(AsChars(key));
  std::array<uint8_t, kIdBytes> id;
  StoreBe(id.data(), Id());
  return absl::StrCat(name, "+", HexEncode(id), "+", Base64Encode(AsBytes(bytes)));
}

StatusOr<NoteKey> NoteKey::Parse(std::string_view text) {
  const auto refuse = [&](std::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("note key \"", Printable(text), "\": ", Sv(what)));
  };
  const size_t first = text.find('+');
  const size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return refuse("want NAME+ID+BASE64");
  NoteKey key{.name = std::string(text.substr(0, first)), .kind = NoteKeyKind::kEd25519, .key = {}};
  if (!IsNoteKeyName(key.name))
    return refuse("the name is empty, too long or has characters that names may not have");
  PL_ASSIGN_OR_RETURN(const std::string bytes, Base64Decode(text.substr(second + 1)));
  if (bytes.size() != 1 + key.key.size()) return refuse("the key has another length than 33 bytes");
  key.kind = static_cast<NoteKeyKind>(bytes[0]);
  if (key.kind != NoteKeyKind::kEd25519 && key.kind != NoteKeyKind::kCosignatureV1) {
    return refuse("the kind is neither 1 (Ed25519) nor 4 (cosignature/v1)");
  }
  std::copy(bytes.begin() + 1, bytes.end(), key.key.begin());
  if (key.Text() != text) return refuse("the id is not that of name and key");
  return key;
}

StatusOr<Note> ParseNote(std::string_view bytes) {
  if (bytes.size() > kNoteSizeMax)
    return Malformed(absl::StrCat(bytes.size(), " bytes; at most ", kNoteSizeMax));
  const size_t gap = bytes.rfind("\n\n");
  if (gap == std::string_view::npos || !IsNoteText(bytes)) {
    return Malformed("want a text without control characters, an empty line and signature lines");
  }
  Note note{.text = std::string(bytes.substr(0, gap + 1)), .signatures = {}};
  std::string_view lines = bytes.substr(gap + 2);
  while (!lines.empty()) {
    if (note.signatures.size() == kNoteSignaturesMax) {
      return Malformed(absl::StrCat("more than ", kNoteSignaturesMax, " signatures"));
    }
    const size_t end = lines.find('\n');  // there is one: the whole ends in a line feed
    PL_ASSIGN_OR_RETURN(NoteSignature signature, ParseSignatureLine(lines.substr(0, end)));
    note.signatures.push_back(std::move(signature));
    lines.remove_prefix(end + 1);
  }
  if (note.signatures.empty()) return Malformed("no signature");
  return note;
}

std::string FormatNote(const Note& note) {
  PL_CHECK(IsNoteText(note.text));
  std::string bytes = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    std::array<uint8_t, kIdBytes> id;
    StoreBe(id.data(), signature.key_id);
    const std::string raw = absl::StrCat(Sv(AsChars(id)), signature.bytes);
    absl::StrAppend(&bytes, Sv(kSignatureMark), signature.name, " ", Base64Encode(AsBytes(raw)), "\n");
  }
  return bytes;
}

NoteSignature SignNote(std::string_view text, std::string_view name, const SigningKey& signer) {
  PL_CHECK(IsNoteText(text) && IsNoteKeyName(name));
  const NoteKey key{.name = std::string(name), .kind = NoteKeyKind::kEd25519, .key = signer.public_key()};
  const Signature signature = signer.SignText(text);
  return {.name = key.name, .key_id = key.Id(), .bytes = std::string(AsChars(signature))};
}

NoteSignature CosignNote(std::string_view text, std::string_view name, const SigningKey& signer,
                         uint64_t unix_seconds) {
  PL_CHECK(IsNoteText(text) && IsNoteKeyName(name));
  const NoteKey key{
      .name = std::string(name), .kind = NoteKeyKind::kCosignatureV1, .key = signer.public_key()};
  std::array<uint8_t, kTimeBytes> time;
  StoreBe(time.data(), unix_seconds);
  const Signature signature = signer.SignText(CosignedText(text, unix_seconds));
  return {
      .name = key.name, .key_id = key.Id(), .bytes = absl::StrCat(Sv(AsChars(time)), Sv(AsChars(signature)))};
}

bool IsSignedBy(const Note& note, const NoteKey& key) {
  bool found = false;
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != key.name || signature.key_id != key.Id()) continue;
    if (!Verifies(note.text, key, signature.bytes)) return false;
    found = true;
  }
  return found;
}

}  // namespace prooflode::transparency
