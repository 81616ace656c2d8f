#include "client/transfer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "base/crypto.h"
#include "base/files.h"

namespace prooflode::client {
namespace {

constexpr size_t kChunkBytes = 1 << 20;
// Of one stream; a longer transfer is resumed by the next.
constexpr Micros kStreamTimeout = Seconds(600);

// Of an upload: a small one that hears nothing is tried again soon. 64 KiB a second is slow for any line.
Micros UploadTimeout(uint64_t bytes) {
  return std::min(kStreamTimeout, Seconds(30) + Seconds(static_cast<int64_t>(bytes >> 16)));
}

bool IsCancelled(const TransferOptions& options) {
  return options.cancel != nullptr && options.cancel->cancelled();
}

// The coordinator cancels transfers that stand still; they are resumed like those that were cut off.
grpc::Status Resumable(const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::CANCELLED) return status;
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, status.error_message());
}

// Feeds [0, size) of a file to `hash`.
Status HashFile(int fd, uint64_t size, const std::string& name, const TransferOptions& options,
                Sha256Stream& hash) {
  std::vector<uint8_t> buffer(kChunkBytes);
  for (uint64_t offset = 0; offset < size;) {
    if (IsCancelled(options)) return absl::CancelledError(absl::StrCat(name, ": cancelled"));
    const size_t count = static_cast<size_t>(std::min<uint64_t>(buffer.size(), size - offset));
    PL_RETURN_IF_ERROR(ReadExactly(fd, offset, {buffer.data(), count}, name));
    hash.Update({buffer.data(), count});
    offset += count;
  }
  return absl::OkStatus();
}

class Uploader {
 public:
  Uploader(Connection& connection, int fd, const std::string& name, const UploadedArtifact& artifact,
           v1::ArtifactKind kind, const TransferOptions& options)
      : connection_(connection),
        stub_(v1::ArtifactService::NewStub(connection.channel())),
        fd_(fd),
        name_(name),
        artifact_(artifact),
        kind_(kind),
        options_(options) {}

  Status Run() {
    CallOptions call;
    call.timeout = UploadTimeout(artifact_.size_bytes);
    call.cancel = options_.cancel;
    Status local = absl::OkStatus();
    const Status status =
        connection_.Run([&](grpc::ClientContext& context) { return Once(context, local); }, call, &progress_);
    return local.ok() ? status : local;
  }

 private:
  // One try: asks where to go on, then sends the rest. A problem on our side goes to `local`.
  grpc::Status Once(grpc::ClientContext& context, Status& local) {
    uint64_t offset = 0;
    {
      grpc::ClientContext stat_context;
      if (local = connection_.Prepare(stat_context, connection_.options().call_timeout); !local.ok()) {
        return grpc::Status(grpc::StatusCode::ABORTED, "");
      }
      v1::StatArtifactRequest request;
      request.set_digest(std::string(AsChars(artifact_.digest)));
      v1::StatArtifactResponse stat;
      const grpc::Status status = stub_->StatArtifact(&stat_context, request, &stat);
      if (!status.ok() || stat.complete()) return status;
      offset = stat.partial_bytes();
      // What the coordinator has is progress; what went into the buffers of a dead line is none.
      if (offset > arrived_) progress_.Note(connection_.clock());
      arrived_ = offset;
    }
    v1::UploadArtifactResponse response;
    const auto writer = stub_->UploadArtifact(&context, &response);
    v1::UploadArtifactRequest message;
    auto* header = message.mutable_header();
    header->set_digest(std::string(AsChars(artifact_.digest)));
    header->set_size_bytes(artifact_.size_bytes);
    header->set_kind(kind_);
    header->set_offset(offset);
    bool writable = writer->Write(message);
    while (writable && offset < artifact_.size_bytes) {
      const size_t count =
          static_cast<size_t>(std::min<uint64_t>(kChunkBytes, artifact_.size_bytes - offset));
      std::string& chunk = *message.mutable_chunk();
      chunk.resize(count);
      local = ReadExactly(fd_, offset, {reinterpret_cast<uint8_t*>(chunk.data()), count}, name_);
      if (local.ok() && IsCancelled(options_)) local = absl::CancelledError(name_ + ": upload cancelled");
      if (!local.ok()) {
        context.TryCancel();
        writer->Finish();
        return grpc::Status(grpc::StatusCode::ABORTED, "");
      }
      writable = writer->Write(message);
      offset += count;
      if (writable && options_.progress) options_.progress(offset, artifact_.size_bytes);
    }
    writer->WritesDone();
    return Resumable(writer->Finish());
  }

  Connection& connection_;
  const std::unique_ptr<v1::ArtifactService::Stub> stub_;
  const int fd_;
  const std::string& name_;
  const UploadedArtifact artifact_;
  const v1::ArtifactKind kind_;
  const TransferOptions& options_;
  uint64_t arrived_ = 0;
  CallProgress progress_;
};

// The partial file of a download: appended to in order, hashed on the way.
class PartialFile {
 public:
  PartialFile(const std::string& path, uint64_t size, const TransferOptions& options)
      : path_(path), partial_(path + ".partial"), size_(size), options_(options) {}

  Status Open() {
    fd_ = UniqueFd(open(partial_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd_.valid()) return ErrnoStatus(errno, partial_);
    struct stat info;
    if (fstat(fd_.get(), &info) != 0) return ErrnoStatus(errno, partial_);
    if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(partial_ + ": not a regular file");
    if (static_cast<uint64_t>(info.st_size) > size_) return Restart();
    done_ = static_cast<uint64_t>(info.st_size);
    PL_RETURN_IF_ERROR(HashFile(fd_.get(), done_, partial_, options_, hash_));
    if (lseek(fd_.get(), static_cast<off_t>(done_), SEEK_SET) < 0) return ErrnoStatus(errno, partial_);
    return absl::OkStatus();
  }

  Status Append(ByteSpan chunk) {
    if (chunk.size() > size_ - done_) {
      return absl::DataLossError(absl::StrCat(partial_, ": more than the ", size_, " bytes expected"));
    }
    PL_RETURN_IF_ERROR(WriteAll(fd_.get(), chunk, partial_));
    hash_.Update(chunk);
    done_ += chunk.size();
    if (options_.progress) options_.progress(done_, size_);
    return absl::OkStatus();
  }

  Status Finish(const Digest& digest) {
    const Digest found = hash_.Finish();
    if (found != digest) {
      return absl::DataLossError(
          absl::StrCat(path_, ": SHA-256 of what came is ", HexEncode(found), ", want ", HexEncode(digest)));
    }
    if (fsync(fd_.get()) != 0) return ErrnoStatus(errno, partial_);
    if (std::rename(partial_.c_str(), path_.c_str()) != 0) return ErrnoStatus(errno, path_);
    const std::string folder = std::filesystem::path(path_).parent_path().string();
    return SyncDirectory(folder.empty() ? "." : folder);
  }

  void Remove() { unlink(partial_.c_str()); }
  uint64_t done() const { return done_; }
  const std::string& name() const { return partial_; }

 private:
  Status Restart() {
    if (ftruncate(fd_.get(), 0) != 0) return ErrnoStatus(errno, partial_);
    return absl::OkStatus();
  }

  const std::string path_;
  const std::string partial_;
  const uint64_t size_;
  const TransferOptions& options_;
  UniqueFd fd_;
  Sha256Stream hash_;
  uint64_t done_ = 0;
};

// One stream from where the file ends. A problem on our side goes to `local`.
grpc::Status DownloadOnce(v1::ArtifactService::Stub& stub, grpc::ClientContext& context, const Digest& digest,
                          uint64_t size, const TransferOptions& options, PartialFile& file, Status& local) {
  if (file.done() == size) return grpc::Status::OK;
  v1::DownloadArtifactRequest request;
  request.set_digest(std::string(AsChars(digest)));
  request.set_offset(file.done());
  const auto reader = stub.DownloadArtifact(&context, request);
  v1::DownloadArtifactResponse response;
  while (local.ok() && reader->Read(&response)) {
    if (response.size_bytes() != size) {
      local = absl::DataLossError(
          absl::StrCat(file.name(), ": the coordinator has ", response.size_bytes(), " bytes, want ", size));
    } else if (response.offset() != file.done()) {
      local = absl::DataLossError(
          absl::StrCat(file.name(), ": chunk at offset ", response.offset(), ", want ", file.done()));
    } else if (IsCancelled(options)) {
      local = absl::CancelledError(absl::StrCat(file.name(), ": download cancelled"));
    } else {
      local = file.Append(AsBytes(response.chunk()));
    }
  }
  if (!local.ok()) context.TryCancel();
  const grpc::Status status = Resumable(reader->Finish());
  if (!local.ok()) return grpc::Status(grpc::StatusCode::ABORTED, "");
  if (status.ok() && file.done() < size) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream ended early");
  }
  return status;
}

}  // namespace

StatusOr<UploadedArtifact> Upload(Connection& connection, const std::string& path, v1::ArtifactKind kind,
                                  const TransferOptions& options) {
  PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(path));
  UploadedArtifact artifact;
  PL_ASSIGN_OR_RETURN(artifact.size_bytes, FileSize(fd.get(), path));
  Sha256Stream hash;
  PL_RETURN_IF_ERROR(HashFile(fd.get(), artifact.size_bytes, path, options, hash));
  artifact.digest = hash.Finish();
  PL_RETURN_IF_ERROR(
      Annotate(Uploader(connection, fd.get(), path, artifact, kind, options).Run(), "upload of " + path));
  return artifact;
}

Status Download(Connection& connection, const Digest& digest, uint64_t size_bytes, const std::string& path,
                const TransferOptions& options) {
  const auto stub = v1::ArtifactService::NewStub(connection.channel());
  PartialFile file(path, size_bytes, options);
  PL_RETURN_IF_ERROR(file.Open());
  CallOptions call;
  call.timeout = kStreamTimeout;
  call.cancel = options.cancel;
  Status local = absl::OkStatus();
  CallProgress progress;
  Status status = connection.Run(
      [&](grpc::ClientContext& context) {
        const uint64_t before = file.done();
        const grpc::Status ended = DownloadOnce(*stub, context, digest, size_bytes, options, file, local);
        if (file.done() > before) progress.Note(connection.clock());
        return ended;
      },
      call, &progress);
  if (!local.ok()) status = local;
  if (status.ok()) status = file.Finish(digest);
  if (status.code() == absl::StatusCode::kDataLoss) file.Remove();
  return status;
}

}  // namespace prooflode::client
