#include "coordinator/checkpoints/checkpoint_publisher.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"

namespace prooflode::checkpoints {
namespace {

using transparency::TreeHead;

constexpr size_t kPageLeaves = 256;

Status NotOurHistory(const std::string& path, const TreeHead& signed_head, std::string_view what) {
  return absl::DataLossError(absl::StrCat(
      path, ": a checkpoint of ", signed_head.size, " leaves was signed, but ", Sv(what),
      ": the database is older than what was published, or another one; nothing may be signed over it"));
}

}  // namespace

StatusOr<std::unique_ptr<CheckpointPublisher>> CheckpointPublisher::Open(const PublisherOptions& options,
                                                                         const PublisherParts& parts) {
  PL_CHECK(parts.key.public_key() == options.keys.current().key);
  PL_ASSIGN_OR_RETURN(CheckpointShelf shelf,
                      CheckpointShelf::Open(options.path, options.keys, options.witnesses));
  if (!shelf.entries().empty()) {
    const TreeHead& newest = shelf.entries().back().head;
    const StatusOr<TreeHead> now = parts.log.HeadAt(newest.size);
    if (!now.ok()) {
      return NotOurHistory(options.path, newest, absl::StrCat("the log has ", parts.log.size()));
    }
    if (*now != newest) return NotOurHistory(options.path, newest, "the log has another root at that size");
  }
  return std::unique_ptr<CheckpointPublisher>(new CheckpointPublisher(options, parts, std::move(shelf)));
}

CheckpointPublisher::CheckpointPublisher(const PublisherOptions& options, const PublisherParts& parts,
                                         CheckpointShelf shelf)
    : options_(options),
      parts_(parts),
      tree_size_(parts.metrics.GetGauge("prooflode_coordinator_log_tree_size", "Leaves of the log")),
      checkpoint_size_(parts.metrics.GetGauge("prooflode_coordinator_checkpoint_tree_size",
                                              "Leaves of the newest signed checkpoint")),
      checkpoint_time_(parts.metrics.GetGauge("prooflode_coordinator_checkpoint_timestamp_seconds",
                                              "When the log was last found to be signed in whole")),
      published_(parts.metrics.GetCounter("prooflode_coordinator_checkpoints_total", "Checkpoints signed")),
      failures_(parts.metrics.GetCounter("prooflode_coordinator_checkpoint_failures_total",
                                         "Times that no checkpoint could be signed")),
      cosignatures_(parts.metrics.GetCounter("prooflode_coordinator_checkpoint_cosignatures_total",
                                             "Witnesses' cosignatures taken")),
      shelf_(std::move(shelf)) {}

Status CheckpointPublisher::Publish() {
  Status status = broken_;
  if (status.ok()) status = PublishGrown();
  if (absl::IsDataLoss(status)) broken_ = status;
  if (!status.ok()) {
    failures_.Increment();
    LogError("checkpoints", "no checkpoint was signed: %s", std::string(FromSv(status.message())));
  }
  return status;
}

Status CheckpointPublisher::PublishGrown() {
  const TreeHead head = parts_.log.Head();
  tree_size_.Set(static_cast<double>(head.size));
  TreeHead newest;
  {
    MutexLock lock(mutex_);
    if (!shelf_.entries().empty()) newest = shelf_.entries().back().head;
  }
  PL_RETURN_IF_ERROR(Hash(newest.size));
  if (stored_.size() == newest.size && newest.size > 0 && stored_.Root() != newest.root) {
    return NotOurHistory(options_.path, newest, "the stored leaves give another root");
  }
  PL_RETURN_IF_ERROR(Hash(head.size));
  if (stored_.Root() != head.root) {
    return absl::DataLossError(
        absl::StrCat("log: the leaves as they are stored do not give the root of ", head.size, " leaves"));
  }
  if (head.size > newest.size) {
    const std::string& origin = options_.keys.current().name;
    const std::string text = transparency::CheckpointText({origin, head, {}});
    transparency::Note note{text, {transparency::SignNote(text, origin, parts_.key)}};
    MutexLock lock(mutex_);
    PL_RETURN_IF_ERROR(shelf_.Add(head, std::move(note)));
    published_.Increment();
  }
  checkpoint_size_.Set(static_cast<double>(head.size));
  checkpoint_time_.Set(ToSeconds(parts_.clock.WallNow()));
  return absl::OkStatus();
}

Status CheckpointPublisher::Hash(uint64_t size) {
  while (stored_.size() < size) {
    const size_t count = std::min<uint64_t>(kPageLeaves, size - stored_.size());
    PL_ASSIGN_OR_RETURN(const auto leaves, parts_.store.ReadLeaves(stored_.size(), count));
    if (leaves.size() != count) {
      return absl::DataLossError(
          absl::StrCat("log: leaves from ", stored_.size(), " on are not in the store"));
    }
    for (const transparency::Leaf& leaf : leaves) {
      const Digest hash = transparency::LeafHash(AsBytes(leaf.bytes));
      if (leaf.index != stored_.size() || leaf.hash != hash) {
        return absl::DataLossError(
            absl::StrCat("log: leaf ", stored_.size(), " is missing, or its bytes do not have its hash"));
      }
      stored_.Append(hash);
    }
  }
  return absl::OkStatus();
}

StatusOr<std::string> CheckpointPublisher::Newest(size_t cosignatures_min) const {
  MutexLock lock(mutex_);
  const auto& entries = shelf_.entries();
  const auto found = std::find_if(entries.rbegin(), entries.rend(), [&](const CheckpointShelf::Entry& entry) {
    return entry.cosignatures >= cosignatures_min;
  });
  if (found == entries.rend()) {
    return absl::NotFoundError(
        absl::StrCat("checkpoint: none yet with ", cosignatures_min, " cosignatures or more"));
  }
  return transparency::FormatNote(found->note);
}

StatusOr<size_t> CheckpointPublisher::AddCosignatures(std::string_view note) {
  PL_ASSIGN_OR_RETURN(const transparency::Note theirs, transparency::ParseNote(note));
  MutexLock lock(mutex_);
  const auto& entries = shelf_.entries();
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const CheckpointShelf::Entry& entry) {
    return entry.note.text == theirs.text;
  });
  if (found == entries.end()) {
    return absl::NotFoundError("checkpoint: not one of the newest that this log has signed");
  }
  const bool known = std::any_of(
      options_.witnesses.begin(), options_.witnesses.end(),
      [&](const transparency::NoteKey& witness) { return transparency::IsSignedBy(theirs, witness); });
  if (!known) {
    return absl::PermissionDeniedError("checkpoint: no right cosignature of a witness that this log knows");
  }
  PL_ASSIGN_OR_RETURN(const size_t added,
                      shelf_.Cosign(static_cast<size_t>(found - entries.begin()), theirs.signatures));
  cosignatures_.Increment(static_cast<double>(added));
  return added;
}

}  // namespace prooflode::checkpoints
