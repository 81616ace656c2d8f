// What one client knows of the logs it deals with, kept in a folder: every receipt, the newest checkpoint,
// and the largest tree that was shown to continue all before it. Nothing is believed that does not continue
// it; what contradicts it is kept as proof of fraud in FOLDER/fraud.jsonl (docs/formats/receipt.md).
//
// Thread-safe. Calls write to the disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "client/receipt_book.h"
#include "transparency/log_keys.h"

namespace prooflode::client {

class LogView {
 public:
  // A tree that this client has verified, and the signed note or receipt line that says it.
  struct Known {
    transparency::TreeHead head;
    std::string evidence;
  };
  // Asks the coordinator for the nodes between two trees, the smaller first.
  using ProofSource = std::function<StatusOr<std::vector<Digest>>(uint64_t from, uint64_t to)>;

  // Creates the folder (0700). kDataLoss for damaged files in it.
  static StatusOr<std::unique_ptr<LogView>> Open(const std::string& folder);

  // Of the empty tree for a log that is new. What was learned under a key that the log has retired counts on.
  Known known(const transparency::LogKeys& log);

  // A receipt that has passed CheckReceipt, with the nodes that came with it for `asked`, which known() gave
  // before. OK: it is on disk and continues everything known; the proof may be revealed. kDataLoss: it
  // contradicts what is known, or the coordinator does not show that it does not: both are kept, and nothing
  // may be revealed. Other errors are the disk's or the network's: the same may be tried again.
  Status TakeReceipt(const transparency::LogKeys& log, const transparency::Receipt& receipt,
                     const Known& asked, const std::vector<Digest>& nodes, const ProofSource& source);

  // A checkpoint that somebody was shown: its signature is checked here. OK: it fits, or did before.
  // kDataLoss as above; kInvalidArgument or kUnauthenticated for what is no checkpoint of this log.
  Status TakeCheckpoint(const transparency::LogKeys& log, const std::string& note, const ProofSource& source);

 private:
  explicit LogView(std::string folder) : folder_(std::move(folder)) {}
  std::string CheckpointPath(const transparency::NoteKey& key) const;
  // The trees that handovers say continue what is known too, before anything else is believed.
  Status FollowHandovers(const transparency::LogKeys& log, const ProofSource& source);
  // Compares with what is known now, over the network where the sizes differ, and takes what is larger.
  Status TakeHead(const transparency::LogKeys& log, const Known& next, const ProofSource& source);
  Known Kept(const transparency::LogKeys& log) const;  // the largest checkpoint on disk
  Known KnownLocked(const transparency::LogKeys& log) PL_REQUIRES(mutex_);
  // Both orders; `nodes` are between the two.
  Status Compare(const Known& a, const Known& b, const std::vector<Digest>& nodes) const;
  Status Advance(const transparency::LogKeys& log, const Known& next, Known compared,
                 const ProofSource& source);

  const std::string folder_;
  std::unique_ptr<ReceiptBook> book_;
  Mutex mutex_;
  std::map<std::string, Known> known_ PL_GUARDED_BY(mutex_);  // by the key that signed it
  std::set<Digest> compared_
      PL_GUARDED_BY(mutex_);  // digests of notes and handovers that fit; some of the newest
};

}  // namespace prooflode::client
