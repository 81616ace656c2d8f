// The miner's secret journal: proofs whose commit may have been sent, with the nonce that opens it.
//
// A record is on disk before the commit leaves the machine, so that a miner that crashed in between still
// reveals and is still paid. Beside the records it keeps how far the coordinator's ends of attempts have been
// handled. One file a record, `<attempt in hex>.commit`, mode 0600, in a folder of mode
// 0700; docs/formats/miner-journal.md. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/status.h"
#include "miner/session/types.h"

namespace prooflode::miner {

// How far ends of attempts have been handled, and in whose log.
struct KeptPlace {
  PublicKey coordinator{};
  EndPlace place;
};

class Journal {
 public:
  // Creates the folder where it is missing. kPermissionDenied when others may read it.
  static StatusOr<Journal> Open(const std::string& folder);

  // Durable when it returns. Putting the same attempt again replaces the record.
  Status Put(const CommitRecord& record);
  // That `job` is being accepted: survives a crash of the process, not one of the machine.
  Status PutJob(const JobId& job);
  Status RemoveJob(const JobId& job);
  // That ends up to `place` in the log of `coordinator` have been handled. Durable when it returns.
  Status PutPlace(const PublicKey& coordinator, const EndPlace& place);
  // OK also when there is none.
  Status Remove(const AttemptId& attempt);

  struct Content {
    std::vector<CommitRecord> records;
    std::vector<JobId> jobs;
    std::optional<KeptPlace> place;
    // Names of damaged records, moved aside with the suffix .damaged: nothing is thrown away unseen.
    std::vector<std::string> damaged;
  };
  StatusOr<Content> Load();

 private:
  explicit Journal(std::string folder) : folder_(std::move(folder)) {}
  std::string Path(const AttemptId& attempt) const;
  std::string JobPath(const JobId& job) const;
  std::string PlacePath() const { return folder_ + "/events.place"; }
  Status LoadPlace(Content& content) const;

  std::string folder_;
};

// Exactly the bytes of a record's file.
std::string EncodeCommitRecord(const CommitRecord& record);
StatusOr<CommitRecord> DecodeCommitRecord(ByteSpan bytes);
// Exactly the bytes of the file `events.place`.
std::string EncodePlace(const KeptPlace& place);
StatusOr<KeptPlace> DecodePlace(ByteSpan bytes);

}  // namespace prooflode::miner
