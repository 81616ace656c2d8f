// Checkpoints: what the coordinator says of its whole log at one moment, as a signed note of C2SP
// tlog-checkpoint (https://c2sp.org/tlog-checkpoint). Two of one log that do not extend each other prove that
// history was rewritten.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "transparency/merkle.h"
#include "transparency/note.h"

namespace prooflode::transparency {

struct Checkpoint {
  std::string origin;  // which log: of the form of a key name, usually "host/market"
  TreeHead head;
  std::vector<std::string> extensions;  // lines that others may add; ours have none

  bool operator==(const Checkpoint&) const = default;
};

// The key that the log of `market` signs with: its name, and the checkpoints' origin, is "prooflode/" and the
// market's. kInvalidArgument where that is no name of a key.
StatusOr<NoteKey> LogKeyOf(std::string_view market, const PublicKey& coordinator);

// The note's text: origin, size in decimal, root in base64, extension lines.
// The origin is a name and no extension line is empty or has a line feed (checked).
std::string CheckpointText(const Checkpoint& checkpoint);
// Refuses everything but one exact text: a size with leading zeros or above 2^63 - 1, a root of another
// length.
StatusOr<Checkpoint> ParseCheckpointText(std::string_view text);

// A whole checkpoint, signed by the log under its origin as the key's name.
std::string SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& signer);

// What a reader makes of a checkpoint's bytes.
struct OpenedCheckpoint {
  Checkpoint checkpoint;
  Note note;
  size_t witnesses = 0;  // of those asked for, how many have cosigned
  PublicKey signer{};    // the log's key
};

// Checks form, that the log's own key (of kind 1) has signed, and that the origin is the key's name; counts
// the witnesses of `witnesses`, each once, whose cosignatures are right. A key of another kind than 4, or the
// log's own, is no witness.
StatusOr<OpenedCheckpoint> OpenCheckpoint(std::string_view bytes, const NoteKey& log_key,
                                          const std::vector<NoteKey>& witnesses = {});

}  // namespace prooflode::transparency
