#include "miner/work/journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "base/crypto.h"
#include "base/files.h"
#include "miner/work/private_folder.h"

namespace prooflode::miner {
namespace {

constexpr std::string_view kMagic{"plcommit1\0\0\0\0\0\0\0", 16};
constexpr std::string_view kSuffix = ".commit";
constexpr std::string_view kJobSuffix = ".job";
constexpr size_t kFixedBytes = 16 + 16 + 16 + 8 + 256 + 32 + 16 + 16;  // before the public inputs
constexpr size_t kSumBytes = 32;
constexpr std::string_view kPlaceMagic{"plplace1\0\0\0\0\0\0\0\0", 16};
constexpr size_t kPlaceBytes = 16 + 32 + 8 + 16;  // before the checksum
constexpr uint64_t kRecordBytesMax = 4 << 20;

// Copies fields out of a record in order.
class Reader {
 public:
  explicit Reader(const uint8_t* p) : p_(p) {}
  template <size_t kSize>
  void Take(std::array<uint8_t, kSize>& out) {
    std::memcpy(out.data(), p_, kSize);
    p_ += kSize;
  }
  uint64_t TakeU64() {
    const uint64_t value = LoadLe<uint64_t>(p_);
    p_ += 8;
    return value;
  }

 private:
  const uint8_t* p_;
};

// The job of a file's name, when the file is one that PutJob makes.
std::optional<JobId> JobOfName(std::string_view name) {
  if (!name.ends_with(kJobSuffix)) return std::nullopt;
  name.remove_suffix(kJobSuffix.size());
  const std::optional<std::string> bytes = HexDecode(name);
  JobId job{};
  if (!bytes || bytes->size() != job.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), job.begin());
  return job;
}

// Whether the last bytes are the checksum of the others.
bool SumFits(ByteSpan bytes) {
  const ByteSpan hashed = bytes.first(bytes.size() - kSumBytes);
  const Digest sum = Sha256(hashed);
  return std::equal(sum.begin(), sum.end(), bytes.begin() + static_cast<ptrdiff_t>(hashed.size()));
}

Status Unlink(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return ErrnoStatus(errno, path);
  return absl::OkStatus();
}

}  // namespace

std::string EncodeCommitRecord(const CommitRecord& record) {
  std::string bytes(kMagic);
  const auto add = [&bytes](ByteSpan field) { bytes += AsChars(field); };
  add(record.attempt.id);
  add(record.attempt.job);
  uint8_t fence[8];
  StoreLe<uint64_t>(fence, record.attempt.fence);
  add(fence);
  add(record.proof);
  add(record.nonce);
  add(record.commit_request);
  add(record.reveal_request.value_or(RequestId{}));
  bytes += record.public_inputs;
  add(Sha256(AsBytes(bytes)));
  return bytes;
}

StatusOr<CommitRecord> DecodeCommitRecord(ByteSpan bytes) {
  if (bytes.size() < kFixedBytes + kSumBytes) {
    return absl::DataLossError(
        absl::StrCat("commit record of ", bytes.size(), " bytes, want at least ", kFixedBytes + kSumBytes));
  }
  if (AsChars(bytes.first(kMagic.size())) != kMagic) {
    return absl::DataLossError("not a commit record of this version");
  }
  if (!SumFits(bytes)) return absl::DataLossError("commit record does not match its checksum");
  const ByteSpan hashed = bytes.first(bytes.size() - kSumBytes);
  CommitRecord record;
  Reader reader(bytes.data() + kMagic.size());
  reader.Take(record.attempt.id);
  reader.Take(record.attempt.job);
  record.attempt.fence = reader.TakeU64();
  reader.Take(record.proof);
  reader.Take(record.nonce);
  reader.Take(record.commit_request);
  RequestId reveal{};
  reader.Take(reveal);
  if (reveal != RequestId{}) record.reveal_request = reveal;
  record.public_inputs = std::string(AsChars(hashed.subspan(kFixedBytes)));
  return record;
}

std::string EncodePlace(const KeptPlace& place) {
  std::string bytes(kPlaceMagic);
  bytes += AsChars(place.coordinator);
  uint8_t event[8];
  StoreLe<uint64_t>(event, place.place.event);
  bytes += AsChars(ByteSpan(event));
  bytes += AsChars(place.place.attempt);
  bytes += AsChars(Sha256(AsBytes(bytes)));
  return bytes;
}

StatusOr<KeptPlace> DecodePlace(ByteSpan bytes) {
  if (bytes.size() != kPlaceBytes + kSumBytes) {
    return absl::DataLossError(absl::StrCat(bytes.size(), " bytes, want ", kPlaceBytes + kSumBytes));
  }
  if (AsChars(bytes.first(kPlaceMagic.size())) != kPlaceMagic) {
    return absl::DataLossError("not a place of this version");
  }
  if (!SumFits(bytes)) return absl::DataLossError("place does not match its checksum");
  KeptPlace place;
  Reader reader(bytes.data() + kPlaceMagic.size());
  reader.Take(place.coordinator);
  place.place.event = reader.TakeU64();
  reader.Take(place.place.attempt);
  return place;
}

StatusOr<Journal> Journal::Open(const std::string& folder) {
  PL_RETURN_IF_ERROR(OpenPrivateFolder(folder).status());
  return Journal(folder);
}

std::string Journal::Path(const AttemptId& attempt) const {
  return absl::StrCat(folder_, "/", HexEncode(attempt), Sv(kSuffix));
}

Status Journal::Put(const CommitRecord& record) {
  return ReplaceFileDurably(Path(record.attempt.id), AsBytes(EncodeCommitRecord(record)), 0600);
}

Status Journal::Remove(const AttemptId& attempt) { return Unlink(Path(attempt)); }

std::string Journal::JobPath(const JobId& job) const {
  return absl::StrCat(folder_, "/", HexEncode(job), Sv(kJobSuffix));
}

Status Journal::PutJob(const JobId& job) {
  // The name says it all.
  const std::string path = JobPath(job);
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  return fd.valid() ? absl::OkStatus() : ErrnoStatus(errno, path);
}

Status Journal::RemoveJob(const JobId& job) { return Unlink(JobPath(job)); }

Status Journal::PutPlace(const PublicKey& coordinator, const EndPlace& place) {
  return ReplaceFileDurably(PlacePath(), AsBytes(EncodePlace({coordinator, place})), 0600);
}

Status Journal::LoadPlace(Content& content) const {
  const StatusOr<std::string> bytes = ReadFile(PlacePath(), kPlaceBytes + kSumBytes);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  const StatusOr<KeptPlace> place = bytes.ok() ? DecodePlace(AsBytes(*bytes)) : bytes.status();
  if (place.ok()) {
    content.place = *place;
    return absl::OkStatus();
  }
  content.damaged.push_back("events.place");
  const std::string path = PlacePath();
  return rename(path.c_str(), (path + ".damaged").c_str()) == 0 ? absl::OkStatus() : ErrnoStatus(errno, path);
}

StatusOr<Journal::Content> Journal::Load() {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder_.c_str()), closedir);
  if (!dir) return ErrnoStatus(errno, folder_);
  Content content;
  std::vector<std::string> names;
  while (const dirent* entry = readdir(dir.get())) {
    if (std::string_view(entry->d_name).ends_with(kSuffix)) names.emplace_back(entry->d_name);
    if (const auto job = JobOfName(entry->d_name)) content.jobs.push_back(*job);
  }
  PL_RETURN_IF_ERROR(LoadPlace(content));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const std::string path = absl::StrCat(folder_, "/", name);
    PL_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kRecordBytesMax));
    StatusOr<CommitRecord> record = DecodeCommitRecord(AsBytes(bytes));
    if (record.ok() && Path(record->attempt.id) == path) {
      content.records.push_back(*record);
      continue;
    }
    content.damaged.push_back(name);
    if (rename(path.c_str(), (path + ".damaged").c_str()) != 0) return ErrnoStatus(errno, path);
  }
  return content;
}

}  // namespace prooflode::miner
