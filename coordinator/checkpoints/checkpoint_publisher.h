// Signs checkpoints of the log, each only after the leaves it adds were read back from the store, hashed
// again and found to give the root that the engine's tree has, and after it is durable. A log that is shorter
// than, or another one than, the newest checkpoint says is never signed, also after a restart. Once the
// leaves were found to be others nothing is signed any more by this process.
//
// Thread-safe; Publish is called by one thread at a time and reads the store.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/env.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "coordinator/checkpoints/checkpoint_shelf.h"
#include "coordinator/engine/log_tree.h"
#include "coordinator/engine/ports.h"
#include "transparency/log_keys.h"

namespace prooflode::checkpoints {

struct PublisherOptions {
  transparency::LogKeys keys;                    // of the log
  std::string path;                              // the shelf's file
  std::vector<transparency::NoteKey> witnesses;  // whose cosignatures are taken, each of kind 4
};

// What a publisher works with; all must outlive it.
struct PublisherParts {
  const SigningKey& key;       // the log's current one
  const engine::Store& store;  // its const readers alone
  const engine::LogTree& log;
  Clock& clock;
  MetricFactory& metrics;
};

class CheckpointPublisher {
 public:
  // Reads the shelf. kFailedPrecondition for a shelf of another coordinator; kDataLoss when the log is not a
  // continuation of its newest checkpoint: a database that was put back, say. Nothing may be signed then,
  // receipts included.
  static StatusOr<std::unique_ptr<CheckpointPublisher>> Open(const PublisherOptions& options,
                                                             const PublisherParts& parts);

  // Publishes what the log has now unless the newest checkpoint says it. kDataLoss, here and ever after, when
  // the stored leaves are others than the tree's; other errors are the disk's and may pass.
  Status Publish();

  // The newest with at least so many witnesses' cosignatures, as a signed note. kNotFound without one.
  StatusOr<std::string> Newest(size_t cosignatures_min) const;
  // Takes the right cosignatures of known witnesses that `note` carries for one of the newest checkpoints;
  // how many were new. kNotFound when the note is of none of them, kInvalidArgument for what is no note,
  // kPermissionDenied when no right signature of a known witness is in it.
  StatusOr<size_t> AddCosignatures(std::string_view note);

  const transparency::LogKeys& keys() const { return options_.keys; }

 private:
  CheckpointPublisher(const PublisherOptions& options, const PublisherParts& parts, CheckpointShelf shelf);
  Status Hash(uint64_t size);
  Status PublishGrown();

  const PublisherOptions options_;
  const PublisherParts parts_;
  Gauge& tree_size_;
  Gauge& checkpoint_size_;
  Gauge& checkpoint_time_;
  Counter& published_;
  Counter& failures_;
  Counter& cosignatures_;

  // Of the publishing thread.
  transparency::MerkleFrontier stored_;  // of the leaves as they were read back
  Status broken_;

  mutable Mutex mutex_;
  CheckpointShelf shelf_ PL_GUARDED_BY(mutex_);
};

}  // namespace prooflode::checkpoints
