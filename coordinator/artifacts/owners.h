// Who has shown that it has a file, by uploading all of it: one empty file for each such claim, named
// <hex identity>-<hex digest>, in a folder of their own. An acknowledged upload is remembered by them after a
// crash too. Bounded: the oldest claims are forgotten, and the files must then be uploaded again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/crypto.h"
#include "base/mutex.h"
#include "base/status.h"

namespace prooflode::artifacts {

class Owners {
 public:
  static constexpr size_t kMost = 100'000;

  // Creates the folder; reads the claims in it, in no order.
  static StatusOr<std::unique_ptr<Owners>> Open(const std::string& folder, size_t most = kMost);

  // Durable when OK. One file and one sync of the folder. Thread-safe, like the others.
  Status Add(const PublicKey& identity, const Digest& digest);
  bool Has(const PublicKey& identity, const Digest& digest) const;
  // All claims to a file that was deleted.
  void Forget(const Digest& digest);

 private:
  using Claim = std::pair<Digest, PublicKey>;

  Owners(std::string folder, size_t most) : folder_(std::move(folder)), most_(most) {}
  Status Scan();
  void Put(const Claim& claim) PL_REQUIRES(mutex_);
  void Erase(std::map<Claim, uint64_t>::iterator claim) PL_REQUIRES(mutex_);
  std::string PathOf(const Claim& claim) const;

  const std::string folder_;
  const size_t most_;
  mutable Mutex mutex_;
  std::map<Claim, uint64_t> ages_ PL_GUARDED_BY(mutex_);
  std::map<uint64_t, Claim> by_age_ PL_GUARDED_BY(mutex_);
  uint64_t next_age_ PL_GUARDED_BY(mutex_) = 0;
};

}  // namespace prooflode::artifacts
