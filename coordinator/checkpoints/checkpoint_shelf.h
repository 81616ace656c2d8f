// The newest checkpoints that a coordinator has signed, with the cosignatures they have got, in one small
// file (docs/formats/checkpoint.md) that is durable before anything in it is shown: after a restart nobody
// signs a smaller or another tree. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "transparency/log_keys.h"

namespace prooflode::checkpoints {

class CheckpointShelf {
 public:
  struct Entry {
    transparency::TreeHead head;
    transparency::Note note;
    size_t cosignatures = 0;  // of the witnesses that the operator names
  };
  // How many are kept: a witness may take as many checkpoints to answer.
  static constexpr size_t kKept = 16;

  // Reads `path`; no file is an empty shelf. kFailedPrecondition where the file is not of this log: its
  // checkpoints are of another origin or another's key, or do not stand in rising order of size.
  static StatusOr<CheckpointShelf> Open(const std::string& path, const transparency::LogKeys& keys,
                                        const std::vector<transparency::NoteKey>& witnesses);

  // Oldest first.
  const std::vector<Entry>& entries() const { return entries_; }
  // A signed checkpoint of a larger tree; durable when OK.
  Status Add(const transparency::TreeHead& head, transparency::Note note);
  // Adds those of `signatures` that are right, of a witness and new to the entry, a newer one in place of an
  // older; how many. Durable when OK.
  StatusOr<size_t> Cosign(size_t entry, const std::vector<transparency::NoteSignature>& signatures);

 private:
  CheckpointShelf(std::string path, std::vector<transparency::NoteKey> witnesses)
      : path_(std::move(path)), witnesses_(std::move(witnesses)) {}
  Status Save(const std::vector<Entry>& entries) const;

  std::string path_;
  std::vector<transparency::NoteKey> witnesses_;
  std::vector<Entry> entries_;
};

}  // namespace prooflode::checkpoints
