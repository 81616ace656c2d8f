#include "client/transfer.h"

#include <algorithm>

#include "base/files.h"
#include "base/hash_file.h"
#include "base/partial_file.h"

namespace prooflode::client {
namespace {

constexpr size_t kChunkBytes = 1 << 20;
// Of one stream; a longer transfer is resumed by the next.
constexpr Micros kStreamTimeout = Seconds(600);

// Of an upload: a small one that hears nothing is tried again soon. 64 KiB a second is slow for any line.
Micros UploadTimeout(uint64_t bytes) {
  return std::min(kStreamTimeout, Seconds(30) + Seconds(static_cast<int64_t>(bytes >> 16)));
}

// The coordinator cancels transfers that stand still; they are resumed like those that were cut off.
grpc::Status Resumable(const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::CANCELLED) return status;
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, status.error_message());
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
      if (local.ok() && IsCancelled(options_.cancel))
        local = absl::CancelledError(name_ + ": upload cancelled");
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
    } else if (IsCancelled(options.cancel)) {
      local = absl::CancelledError(absl::StrCat(file.name(), ": download cancelled"));
    } else {
      if (options.received != nullptr) *options.received += response.chunk().size();
      local = file.Append(AsBytes(response.chunk()));
      if (local.ok() && options.progress) options.progress(file.done(), size);
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

// As many streams as it takes until nothing is missing.
Status DownloadRest(Connection& connection, const Digest& digest, const TransferOptions& options,
                    PartialFile& file) {
  const auto stub = v1::ArtifactService::NewStub(connection.channel());
  CallOptions call;
  call.timeout = kStreamTimeout;
  call.cancel = options.cancel;
  Status local = absl::OkStatus();
  CallProgress progress;
  const Status status = connection.Run(
      [&](grpc::ClientContext& context) {
        const uint64_t before = file.done();
        const grpc::Status ended = DownloadOnce(*stub, context, digest, file.size(), options, file, local);
        if (file.done() > before) progress.Note(connection.clock());
        return ended;
      },
      call, &progress);
  return local.ok() ? status : local;
}

}  // namespace

StatusOr<UploadedArtifact> Upload(Connection& connection, const std::string& path, v1::ArtifactKind kind,
                                  const TransferOptions& options) {
  PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(path));
  UploadedArtifact artifact;
  PL_ASSIGN_OR_RETURN(artifact.size_bytes, FileSize(fd.get(), path));
  Sha256Stream hash;
  PL_RETURN_IF_ERROR(HashFile(fd.get(), artifact.size_bytes, path, options.cancel, hash));
  artifact.digest = hash.Finish();
  PL_RETURN_IF_ERROR(
      Annotate(Uploader(connection, fd.get(), path, artifact, kind, options).Run(), "upload of " + path));
  return artifact;
}

Status Download(Connection& connection, const Digest& digest, uint64_t size_bytes, const std::string& path,
                const TransferOptions& options) {
  PL_ASSIGN_OR_RETURN(PartialFile file, PartialFile::Open(path, size_bytes, options.cancel));
  const bool inherited = file.done() > 0;
  Status status = DownloadRest(connection, digest, options, file);
  if (status.ok()) status = file.Finish(digest);
  if (inherited && status.code() == absl::StatusCode::kDataLoss) {
    // What was here before may be to blame, wherever it came from.
    PL_RETURN_IF_ERROR(file.Restart());
    status = DownloadRest(connection, digest, options, file);
    if (status.ok()) status = file.Finish(digest);
  }
  if (status.code() == absl::StatusCode::kDataLoss) file.Remove();
  return status;
}

}  // namespace prooflode::client
