#include "coordinator/artifacts/owners.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/files.h"

namespace prooflode::artifacts {
namespace {

constexpr size_t kHexDigest = 64;

}  // namespace

StatusOr<std::unique_ptr<Owners>> Owners::Open(const std::string& folder, size_t most) {
  PL_RETURN_IF_ERROR(MakeDirectory(folder));
  std::unique_ptr<Owners> owners(new Owners(folder, most));
  PL_RETURN_IF_ERROR(owners->Scan());
  return owners;
}

Status Owners::Scan() {
  std::error_code error;
  std::filesystem::directory_iterator files(folder_, error);
  MutexLock lock(mutex_);
  for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) {
    const std::string name = files->path().filename().string();
    if (name.size() != 2 * kHexDigest + 1 || name[kHexDigest] != '-') continue;
    const auto identity = DigestFromHex(name.substr(0, kHexDigest));
    const auto digest = DigestFromHex(name.substr(kHexDigest + 1));
    if (identity && digest) Put({*digest, *identity});
  }
  return error ? ErrnoStatus(error.value(), folder_) : absl::OkStatus();
}

Status Owners::Add(const PublicKey& identity, const Digest& digest) {
  const Claim claim{digest, identity};
  const UniqueFd fd(open(PathOf(claim).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, "artifact store");
  PL_RETURN_IF_ERROR(SyncDirectory(folder_));
  MutexLock lock(mutex_);
  Put(claim);
  return absl::OkStatus();
}

bool Owners::Has(const PublicKey& identity, const Digest& digest) const {
  MutexLock lock(mutex_);
  return ages_.contains({digest, identity});
}

void Owners::Forget(const Digest& digest) {
  MutexLock lock(mutex_);
  auto claim = ages_.lower_bound({digest, PublicKey{}});
  while (claim != ages_.end() && claim->first.first == digest) Erase(claim++);
}

void Owners::Put(const Claim& claim) {
  const auto [known, is_new] = ages_.try_emplace(claim, next_age_);
  if (!is_new) {
    by_age_.erase(known->second);
    known->second = next_age_;
  }
  by_age_[next_age_++] = claim;
  if (ages_.size() > most_) Erase(ages_.find(by_age_.begin()->second));
}

void Owners::Erase(std::map<Claim, uint64_t>::iterator claim) {
  unlink(PathOf(claim->first).c_str());
  by_age_.erase(claim->second);
  ages_.erase(claim);
}

std::string Owners::PathOf(const Claim& claim) const {
  return folder_ + "/" + HexEncode(claim.second) + "-" + HexEncode(claim.first);
}

}  // namespace prooflode::artifacts
