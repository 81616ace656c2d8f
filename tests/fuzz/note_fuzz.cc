// Signed notes, keys and checkpoints have one spelling each: what is read writes to the bytes that came.
// Nothing opens without the log's signature.
#include "base/check.h"
#include "transparency/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  using namespace prooflode::transparency;
  const std::string_view bytes = AsChars({data, size});
  if (const auto note = ParseNote(bytes); note.ok()) {
    PL_CHECK(IsNoteText(note->text));
    PL_CHECK(FormatNote(*note) == bytes);
    for (const NoteSignature& signature : note->signatures) PL_CHECK(IsNoteKeyName(signature.name));
    if (const auto checkpoint = ParseCheckpointText(note->text); checkpoint.ok()) {
      PL_CHECK(CheckpointText(*checkpoint) == note->text);
    }
    const NoteKey nobody{.name = note->signatures[0].name, .kind = NoteKeyKind::kEd25519, .key = {}};
    PL_CHECK(!OpenCheckpoint(bytes, nobody).ok());
  }
  if (const auto key = NoteKey::Parse(bytes); key.ok()) PL_CHECK(key->Text() == bytes);
  if (const auto raw = Base64Decode(bytes); raw.ok()) PL_CHECK(Base64Encode(AsBytes(*raw)) == bytes);
  return 0;
}
