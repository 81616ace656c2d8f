// Signed notes as C2SP signed-note has them (https://c2sp.org/signed-note): a text, an empty line, and lines
// of signatures by keys that have names. The form of checkpoints, which other logs' tools read and cosign.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/status.h"

namespace prooflode::transparency {

// What signs: the byte that goes into a key's id.
enum class NoteKeyKind : uint8_t { kEd25519 = 1, kCosignatureV1 = 4 };

// A key as others name it. Its text is "<name>+<id, 8 hexadecimal digits>+<base64 of kind and key>".
struct NoteKey {
  std::string name;  // 1 to 200 bytes, no white space, no plus
  NoteKeyKind kind = NoteKeyKind::kEd25519;
  PublicKey key{};

  uint32_t Id() const;  // first four bytes, big-endian, of SHA-256(name || 0x0a || kind || key)
  std::string Text() const;
  static StatusOr<NoteKey> Parse(std::string_view text);
  bool operator==(const NoteKey&) const = default;
};

struct NoteSignature {
  std::string name;
  uint32_t key_id = 0;
  std::string bytes;  // 64 of Ed25519; a cosignature has 8 of a time in front

  bool operator==(const NoteSignature&) const = default;
};

struct Note {
  std::string text;  // ends in a line feed; no other control characters
  std::vector<NoteSignature> signatures;
};

inline constexpr size_t kNoteSizeMax = size_t{1} << 16;
inline constexpr size_t kNoteSignaturesMax = 64;

// Refuses whatever is not exactly a note within the limits, and base64 that is not canonical. Checks no
// signature.
StatusOr<Note> ParseNote(std::string_view bytes);
std::string FormatNote(const Note& note);

bool IsNoteKeyName(std::string_view name);
bool IsNoteText(std::string_view text);

// An Ed25519 signature of `text` (IsNoteText) by `signer` under `name`.
NoteSignature SignNote(std::string_view text, std::string_view name, const SigningKey& signer);
// The same of a witness: it says that at `unix_seconds` this was the newest checkpoint of its log that it
// knew (https://c2sp.org/tlog-cosignature).
NoteSignature CosignNote(std::string_view text, std::string_view name, const SigningKey& signer,
                         uint64_t unix_seconds);

// True where a signature of the note is of `key` and right. Signatures of other keys do not matter; one that
// names `key` and is wrong makes it false.
bool IsSignedBy(const Note& note, const NoteKey& key);

std::string Base64Encode(ByteSpan bytes);
// Canonical standard base64 with padding only.
StatusOr<std::string> Base64Decode(std::string_view text);

}  // namespace prooflode::transparency
