#include "coordinator/api/transfer_streams.h"

#include <algorithm>

#include "coordinator/api/convert.h"

namespace prooflode::api {
namespace {

// A transfer must end some day, or a few idle ones could hold every slot; whoever needs longer resumes.
constexpr int64_t kDeadlineSecondsMax = 3600;

Status CheckDeadline(const grpc::CallbackServerContext& context) {
  const gpr_timespec left = gpr_time_sub(gpr_convert_clock_type(context.raw_deadline(), GPR_CLOCK_MONOTONIC),
                                         gpr_now(GPR_CLOCK_MONOTONIC));
  if (left.tv_sec <= kDeadlineSecondsMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("deadline of the call: none or later, want at most ", kDeadlineSecondsMax, " s"));
}

Status TooMany() { return absl::ResourceExhaustedError("too many transfers at once; try again later"); }

}  // namespace

bool IsKnownTo(Environment& environment, const Caller& caller, const Digest& digest) {
  return caller.role == Role::kOperator || environment.broadcaster.circuits().IsCircuitFile(digest) ||
         environment.artifacts.HasUploaded(caller.identity, digest) ||
         environment.broadcaster.jobs().HasPosted(caller.identity, digest);
}

UploadStream::UploadStream(Environment& environment, grpc::CallbackServerContext& context,
                           MethodMetrics& metrics, v1::UploadArtifactResponse* response)
    : environment_(environment), context_(context), timer_(metrics, environment.clock), response_(response) {}

grpc::ServerReadReactor<v1::UploadArtifactRequest>* UploadStream::Begin(
    Environment& environment, grpc::CallbackServerContext& context, MethodMetrics& metrics,
    v1::UploadArtifactResponse* response) {
  auto* stream = new UploadStream(environment, context, metrics, response);
  const StatusOr<Caller> caller = Authorize(environment.auth, context, kRequesters);
  Status status = caller.status();
  if (status.ok()) status = CheckDeadline(context);
  if (status.ok()) {
    stream->place_ = environment.transfers.Enter(caller->identity, [&context] { context.TryCancel(); });
    if (stream->place_ == nullptr) status = TooMany();
  }
  if (status.ok()) {
    stream->caller_ = *caller;
    stream->StartRead(&stream->incoming_);
  } else {
    stream->End(status);
  }
  return stream;
}

void UploadStream::OnReadDone(bool ok) {
  if (!ok) {
    if (context_.IsCancelled()) return End(absl::CancelledError("cancelled by the uploader, or idle"));
    if (upload_ == nullptr)
      return End(absl::InvalidArgumentError("UploadArtifactRequest: want a header first"));
    return OnDisk(&UploadStream::FinishFile);
  }
  if (upload_ == nullptr) {
    if (!incoming_.has_header()) {
      return End(absl::InvalidArgumentError("UploadArtifactRequest.part: want a header first"));
    }
    if (const Status shape = CheckShape(incoming_.header()); !shape.ok()) return End(shape);
    return OnDisk(&UploadStream::BeginFile);
  }
  const size_t size = incoming_.chunk().size();
  if (!incoming_.has_chunk() || size == 0 || size > kChunkBytesMax) {
    return End(
        absl::InvalidArgumentError(absl::StrCat("UploadArtifactRequest.chunk: ", size, " bytes, want 1 to ",
                                                kChunkBytesMax, " and one header only")));
  }
  OnDisk(&UploadStream::AppendChunk);
}

void UploadStream::OnDisk(void (UploadStream::*step)()) {
  if (!environment_.disk.Submit([this, step] { (this->*step)(); })) End(TooMany());
}

void UploadStream::BeginFile() {
  header_.digest = DigestOf(incoming_.header().digest());
  header_.size_bytes = incoming_.header().size_bytes();
  header_.kind = static_cast<ArtifactKind>(incoming_.header().kind());
  header_.offset = incoming_.header().offset();
  if (header_.size_bytes > environment_.info.artifact_bytes_max) {
    return End(absl::InvalidArgumentError(
        absl::StrCat("UploadArtifactRequest.header.size_bytes: ", header_.size_bytes, ", want at most ",
                     environment_.info.artifact_bytes_max)));
  }
  StatusOr<std::unique_ptr<ArtifactUpload>> upload =
      environment_.artifacts.BeginUpload(caller_.identity, header_);
  if (!upload.ok()) return End(upload.status());
  upload_ = *std::move(upload);
  StartRead(&incoming_);
}

void UploadStream::AppendChunk() {
  const Status status = upload_->Append(AsBytes(incoming_.chunk()));
  if (!status.ok()) return End(status);
  place_->Moved();
  StartRead(&incoming_);
}

void UploadStream::FinishFile() {
  const Status status = upload_->Finish();
  if (status.ok()) {
    response_->set_digest(StringOf(header_.digest));
    response_->set_size_bytes(header_.size_bytes);
  }
  End(status);
}

void UploadStream::End(const Status& status) {
  upload_.reset();
  const grpc::Status grpc_status = ToGrpc(status);
  timer_.Handled(grpc_status.error_code());
  Finish(grpc_status);
}

DownloadStream::DownloadStream(Environment& environment, MethodMetrics& metrics)
    : environment_(environment), timer_(metrics, environment.clock) {}

grpc::ServerWriteReactor<v1::DownloadArtifactResponse>* DownloadStream::Begin(
    Environment& environment, grpc::CallbackServerContext& context, MethodMetrics& metrics,
    const v1::DownloadArtifactRequest& request) {
  auto* stream = new DownloadStream(environment, metrics);
  const StatusOr<Caller> caller = Authorize(environment.auth, context, kEverybody);
  Status status = caller.status();
  if (status.ok()) status = CheckShape(request);
  if (status.ok()) status = CheckDeadline(context);
  if (status.ok()) {
    stream->place_ = environment.transfers.Enter(caller->identity, [&context] { context.TryCancel(); });
    if (stream->place_ == nullptr) status = TooMany();
  }
  if (status.ok()) {
    stream->digest_ = DigestOf(request.digest());
    stream->offset_ = request.offset();
    stream->CheckRights(*caller);
  } else {
    stream->End(status);
  }
  return stream;
}

void DownloadStream::CheckRights(const Caller& caller) {
  if (IsKnownTo(environment_, caller, digest_)) return OnDisk(&DownloadStream::OpenFile);
  // What is left: a witness of a job that the caller is racing for.
  const Status refused =
      environment_.engine.Query([this, miner = caller.identity](const market::Market& market) {
        for (const market::Attempt* attempt : market.LiveAttemptsOf(miner)) {
          if (market.FindJob(attempt->job)->witness_digest == digest_) {
            return OnDisk(&DownloadStream::OpenFile);
          }
        }
        End(absl::PermissionDeniedError(
            "DownloadArtifactRequest.digest: neither a circuit's file nor the witness of a job of yours"));
      });
  if (!refused.ok()) End(refused);
}

void DownloadStream::OnDisk(void (DownloadStream::*step)()) {
  if (!environment_.disk.Submit([this, step] { (this->*step)(); })) End(TooMany());
}

void DownloadStream::OpenFile() {
  StatusOr<std::unique_ptr<ArtifactReader>> reader = environment_.artifacts.Open(digest_);
  if (!reader.ok()) return End(reader.status());
  reader_ = *std::move(reader);
  if (offset_ > reader_->size_bytes()) {
    return End(absl::InvalidArgumentError(
        absl::StrCat("DownloadArtifactRequest.offset: ", offset_, ", want at most ", reader_->size_bytes())));
  }
  SendChunk();
}

void DownloadStream::SendChunk() {
  const uint64_t left = reader_->size_bytes() - offset_;
  if (left == 0) return End(absl::OkStatus());
  std::string& chunk = *outgoing_.mutable_chunk();
  chunk.resize(static_cast<size_t>(std::min<uint64_t>(left, kChunkBytesMax)));
  const Status status = reader_->Read(offset_, {reinterpret_cast<uint8_t*>(chunk.data()), chunk.size()});
  if (!status.ok()) return End(status);
  outgoing_.set_offset(offset_);
  outgoing_.set_size_bytes(reader_->size_bytes());
  offset_ += chunk.size();
  StartWrite(&outgoing_);
}

void DownloadStream::OnWriteDone(bool ok) {
  if (!ok) return End(absl::CancelledError("the downloader is gone, or does not read"));
  place_->Moved();
  OnDisk(&DownloadStream::SendChunk);
}

void DownloadStream::End(const Status& status) {
  const grpc::Status grpc_status = ToGrpc(status);
  timer_.Handled(grpc_status.error_code());
  Finish(grpc_status);
}

}  // namespace prooflode::api
