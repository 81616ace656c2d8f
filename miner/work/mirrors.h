// Keys from the mirrors that circuits name, so that the coordinator need not carry them. Whoever registers a
// circuit names its mirrors, so nothing about them is trusted: only the file whose size and SHA-256 the
// coordinator told is ever taken (base/partial_file.h), over connections with the limits of base/http.
//
// Mirrors are tried in random order, each at most once a file and each going on where the one before it
// stopped. One that fails is set aside for an hour: its URL, not its host, which others' circuits may name as
// well.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/env.h"
#include "base/http/http_fetch.h"
#include "base/mutex.h"
#include "base/status.h"

namespace prooflode::miner {

struct MirrorOptions {
  bool enabled = true;
  HttpFetchLimits limits;
  Micros pause = Seconds(3600);
};

class Mirrors {
 public:
  // How one mirror did.
  struct Try {
    std::string host;
    uint64_t bytes = 0;  // that came from it, also those that were of no use
    Micros took{};
    std::string fault;   // printable; empty where it is not to blame for anything
    bool whole = false;  // the file is there
  };

  // `clock` and `random` must outlive it, and be thread-safe where several threads fetch.
  Mirrors(MirrorOptions options, Clock& clock, Random& random)
      : options_(std::move(options)), clock_(clock), random_(random) {}

  // Whether the file is at `path` now, whole and durable; false: no mirror gave it, and what came of it lies
  // in `path`.partial for whoever goes on. `told` is called after each try. An error is of this side:
  // kCancelled soon after `cancel`, or what writing the file said. Blocks; thread-safe for distinct paths.
  StatusOr<bool> Fetch(const std::vector<std::string>& urls, const Digest& digest, uint64_t size,
                       const std::string& path, const CancelToken& cancel,
                       const std::function<void(const Try&)>& told);

 private:
  // Those that are not set aside, shuffled.
  std::vector<std::string> Order(const std::vector<std::string>& urls);
  // Fills in `tried`; an error is of this side.
  Status FetchFrom(const std::string& url, const Digest& digest, const CancelToken& cancel, PartialFile& file,
                   Try& tried);
  void SetAside(const std::string& url);

  const MirrorOptions options_;
  Clock& clock_;
  Mutex mutex_;
  Random& random_ PL_GUARDED_BY(mutex_);
  std::map<std::string, Micros> aside_ PL_GUARDED_BY(mutex_);  // until when, by URL
};

}  // namespace prooflode::miner
