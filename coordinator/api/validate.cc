#include "coordinator/api/validate.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace prooflode::api {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kDigestBytes = 32;
constexpr size_t kIdBytes = 16;
constexpr size_t kSignatureBytes = 64;
constexpr size_t kNoteBytesMax = 200;
constexpr uint64_t kCosignaturesMax = 63;  // of one checkpoint, beside the log's own
constexpr uint64_t kLogSizeMax = INT64_MAX;

template <typename Came>
Status Bad(std::string_view field, const Came& came, std::string_view wanted) {
  return absl::InvalidArgumentError(absl::StrCat(Sv(field), ": ", came, ", want ", Sv(wanted)));
}

Status Bytes(std::string_view field, const std::string& value, size_t wanted) {
  if (value.size() == wanted) return absl::OkStatus();
  return Bad(field, absl::StrCat(value.size(), " bytes"), absl::StrCat(wanted));
}

Status OptionalBytes(std::string_view field, const std::string& value, size_t wanted) {
  if (value.empty() || value.size() == wanted) return absl::OkStatus();
  return Bad(field, absl::StrCat(value.size(), " bytes"), absl::StrCat("none or ", wanted));
}

Status RequestId(std::string_view field, const std::string& value) {
  if (value.size() >= 16 && value.size() <= 64) return absl::OkStatus();
  return Bad(field, absl::StrCat(value.size(), " bytes"), "16 to 64 random ones");
}

Status Printable(std::string_view field, const std::string& value, size_t least, size_t most) {
  const std::string wanted = absl::StrCat(least, " to ", most, " printable ASCII characters");
  if (value.size() < least || value.size() > most) {
    return Bad(field, absl::StrCat(value.size(), " bytes"), wanted);
  }
  for (const char c : value) {
    if (c < ' ' || c > '~') return Bad(field, absl::StrCat("byte ", static_cast<uint8_t>(c)), wanted);
  }
  return absl::OkStatus();
}

Status CircuitName(std::string_view field, const std::string& value) {
  constexpr std::string_view kWanted = "1 to 64 of a-z, 0-9, '-', '_', '.'";
  if (value.empty() || value.size() > 64) return Bad(field, absl::StrCat(value.size(), " bytes"), kWanted);
  const size_t at = value.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.");
  if (at == std::string::npos) return absl::OkStatus();
  return Bad(field, absl::StrCat("byte ", static_cast<uint8_t>(value[at]), " at ", at), kWanted);
}

Status Mirror(std::string_view field, const std::string& url) {
  PL_RETURN_IF_ERROR(Printable(field, url, 1, kMirrorBytesMax));
  if (url.find(' ') != std::string::npos) return Bad(field, "a blank", "none");
  if (url.starts_with("https://") || url.starts_with("http://")) return absl::OkStatus();
  return Bad(field, absl::StrCat("\"", url.substr(0, 16), "\""),
             "a URL that begins with https:// or http://");
}

Status Positive(std::string_view field, uint64_t value) {
  return value > 0 ? absl::OkStatus() : Bad(field, value, "> 0");
}

Status AtMost(std::string_view field, uint64_t value, uint64_t most) {
  return value <= most ? absl::OkStatus() : Bad(field, value, absl::StrCat("at most ", most));
}

Status RoleField(std::string_view field, v1::Role role) {
  if (role >= v1::ROLE_MINER && role <= v1::ROLE_OPERATOR) return absl::OkStatus();
  return Bad(field, static_cast<int>(role), "miner (1), requester (2) or operator (3)");
}

Status Page(std::string_view message, uint32_t size, const std::string& token) {
  PL_RETURN_IF_ERROR(AtMost(absl::StrCat(Sv(message), ".page_size"), size, kPageSizeMax));
  return Printable(absl::StrCat(Sv(message), ".page_token"), token, 0, 128);
}

Status PolicyField(const v1::Policy& policy) {
  switch (policy.kind_case()) {
    case v1::Policy::kRace:
      return absl::OkStatus();
    case v1::Policy::kLease:
      if (policy.lease().lease_us() >= 0) return absl::OkStatus();
      return Bad("PostJobRequest.policy.lease.lease_us", policy.lease().lease_us(), ">= 0");
    case v1::Policy::KIND_NOT_SET:
      break;  // the operator's default
  }
  return absl::OkStatus();
}

Status HelloMessage(const v1::SessionRequest::Hello& hello) {
  PL_RETURN_IF_ERROR(Printable("Hello.version", hello.version(), 1, 32));
  if (hello.protocol_version() != kProtocolVersion) {
    return Bad("Hello.protocol_version", hello.protocol_version(), absl::StrCat(kProtocolVersion));
  }
  if (hello.proof_systems_size() < 1 || hello.proof_systems_size() > 16) {
    return Bad("Hello.proof_systems", absl::StrCat(hello.proof_systems_size(), " of them"), "1 to 16");
  }
  PL_RETURN_IF_ERROR(Positive("Hello.domain_size_max", hello.domain_size_max()));
  PL_RETURN_IF_ERROR(OptionalBytes("Hello.resume_after_attempt", hello.resume_after_attempt(), kIdBytes));
  if (hello.devices_size() > 64) {
    return Bad("Hello.devices", absl::StrCat(hello.devices_size(), " of them"), "at most 64");
  }
  for (int i = 0; i < hello.devices_size(); ++i) {
    const std::string& device = hello.devices(i);
    if (device.size() > 100) {
      return Bad(absl::StrCat("Hello.devices[", i, "]"), absl::StrCat(device.size(), " bytes"),
                 "at most 100");
    }
  }
  return absl::OkStatus();
}

}  // namespace

Status Validate(const v1::GetMarketRequest&) { return absl::OkStatus(); }

Status Validate(const v1::BeginLoginRequest& r) {
  PL_RETURN_IF_ERROR(Bytes("BeginLoginRequest.public_key", r.public_key(), kKeyBytes));
  return RoleField("BeginLoginRequest.role", r.role());
}

Status Validate(const v1::CompleteLoginRequest& r) {
  PL_RETURN_IF_ERROR(Bytes("CompleteLoginRequest.public_key", r.public_key(), kKeyBytes));
  PL_RETURN_IF_ERROR(RoleField("CompleteLoginRequest.role", r.role()));
  PL_RETURN_IF_ERROR(Bytes("CompleteLoginRequest.nonce", r.nonce(), 32));
  return Bytes("CompleteLoginRequest.signature", r.signature(), kSignatureBytes);
}

Status Validate(const v1::StatArtifactRequest& r) {
  return Bytes("StatArtifactRequest.digest", r.digest(), kDigestBytes);
}

Status Validate(const v1::UploadArtifactRequest::Header& r) {
  PL_RETURN_IF_ERROR(Bytes("UploadArtifactRequest.header.digest", r.digest(), kDigestBytes));
  PL_RETURN_IF_ERROR(Positive("UploadArtifactRequest.header.size_bytes", r.size_bytes()));
  if (r.kind() < v1::ARTIFACT_KIND_ZKEY || r.kind() > v1::ARTIFACT_KIND_WITNESS) {
    return Bad("UploadArtifactRequest.header.kind", static_cast<int>(r.kind()),
               "zkey (1), r1cs (2) or witness (3)");
  }
  if (r.offset() > r.size_bytes()) {
    return Bad("UploadArtifactRequest.header.offset", r.offset(),
               absl::StrCat("at most size_bytes = ", r.size_bytes()));
  }
  return absl::OkStatus();
}

Status Validate(const v1::DownloadArtifactRequest& r) {
  return Bytes("DownloadArtifactRequest.digest", r.digest(), kDigestBytes);
}

Status Validate(const v1::RegisterCircuitRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("RegisterCircuitRequest.request_id", r.request_id()));
  PL_RETURN_IF_ERROR(CircuitName("RegisterCircuitRequest.name", r.name()));
  PL_RETURN_IF_ERROR(Bytes("RegisterCircuitRequest.zkey_digest", r.zkey_digest(), kDigestBytes));
  PL_RETURN_IF_ERROR(OptionalBytes("RegisterCircuitRequest.r1cs_digest", r.r1cs_digest(), kDigestBytes));
  if (static_cast<size_t>(r.mirrors_size()) > kMirrorsMax) {
    return Bad("RegisterCircuitRequest.mirrors", r.mirrors_size(), absl::StrCat("at most ", kMirrorsMax));
  }
  for (const std::string& url : r.mirrors()) {
    PL_RETURN_IF_ERROR(Mirror("RegisterCircuitRequest.mirrors", url));
  }
  return absl::OkStatus();
}

Status Validate(const v1::GetCircuitRequest& r) {
  switch (r.by_case()) {
    case v1::GetCircuitRequest::kCircuitId:
      return Bytes("GetCircuitRequest.circuit_id", r.circuit_id(), kDigestBytes);
    case v1::GetCircuitRequest::kName:
      return CircuitName("GetCircuitRequest.name", r.name());
    case v1::GetCircuitRequest::BY_NOT_SET:
      break;
  }
  return Bad("GetCircuitRequest.by", "not set", "circuit_id or name");
}

Status Validate(const v1::ListCircuitsRequest& r) {
  return Page("ListCircuitsRequest", r.page_size(), r.page_token());
}

Status Validate(const v1::PostJobRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("PostJobRequest.request_id", r.request_id()));
  PL_RETURN_IF_ERROR(Bytes("PostJobRequest.circuit_id", r.circuit_id(), kDigestBytes));
  PL_RETURN_IF_ERROR(Bytes("PostJobRequest.witness_digest", r.witness_digest(), kDigestBytes));
  PL_RETURN_IF_ERROR(Positive("PostJobRequest.reward_units", r.reward_units()));
  if (r.time_limit_us() <= 0) return Bad("PostJobRequest.time_limit_us", r.time_limit_us(), "> 0");
  const size_t nonce = r.draw_nonce().size();
  if (nonce < kDrawNonceMin || nonce > kDrawNonceMax) {
    return Bad("PostJobRequest.draw_nonce", absl::StrCat(nonce, " bytes"),
               absl::StrCat(kDrawNonceMin, " to ", kDrawNonceMax));
  }
  return PolicyField(r.policy());
}

Status Validate(const v1::GetJobRequest& r) { return Bytes("GetJobRequest.job_id", r.job_id(), kIdBytes); }

Status Validate(const v1::ExplainJobRequest& r) {
  return Bytes("ExplainJobRequest.job_id", r.job_id(), kIdBytes);
}

Status Validate(const v1::ForecastJobRequest& r) {
  return Bytes("ForecastJobRequest.circuit_id", r.circuit_id(), kDigestBytes);
}

Status Validate(const v1::ListJobsRequest& r) {
  return Page("ListJobsRequest", r.page_size(), r.page_token());
}

Status Validate(const v1::CancelJobRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("CancelJobRequest.request_id", r.request_id()));
  return Bytes("CancelJobRequest.job_id", r.job_id(), kIdBytes);
}

Status Validate(const v1::GetProofRequest& r) {
  return Bytes("GetProofRequest.job_id", r.job_id(), kIdBytes);
}

Status Validate(const v1::WatchJobRequest& r) {
  return Bytes("WatchJobRequest.job_id", r.job_id(), kIdBytes);
}

Status Validate(const v1::SessionRequest& r) {
  switch (r.message_case()) {
    case v1::SessionRequest::kHello:
      return HelloMessage(r.hello());
    case v1::SessionRequest::kCredit:
      if (r.credit().offers() >= 1 && r.credit().offers() <= kCreditMax) return absl::OkStatus();
      return Bad("Credit.offers", r.credit().offers(), absl::StrCat("1 to ", kCreditMax));
    case v1::SessionRequest::kHeartbeat:
    case v1::SessionRequest::kDrain:
      return absl::OkStatus();
    case v1::SessionRequest::kOfferDeclined:
      PL_RETURN_IF_ERROR(Bytes("OfferDeclined.job_id", r.offer_declined().job_id(), kIdBytes));
      if (v1::Reason_IsValid(r.offer_declined().reason())) return absl::OkStatus();
      return Bad("OfferDeclined.reason", static_cast<int>(r.offer_declined().reason()), "a Reason");
    case v1::SessionRequest::MESSAGE_NOT_SET:
      break;
  }
  return Bad("SessionRequest.message", "not set", "hello, credit, heartbeat, drain or offer_declined");
}

Status Validate(const v1::AcceptOfferRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("AcceptOfferRequest.request_id", r.request_id()));
  if (r.predicted_us() < 0) return Bad("AcceptOfferRequest.predicted_us", r.predicted_us(), ">= 0");
  if (!v1::Residency_IsValid(r.residency())) {
    return Bad("AcceptOfferRequest.residency", static_cast<int>(r.residency()), "a Residency");
  }
  PL_RETURN_IF_ERROR(OptionalBytes("AcceptOfferRequest.circuit_id", r.circuit_id(), kDigestBytes));
  return Bytes("AcceptOfferRequest.job_id", r.job_id(), kIdBytes);
}

Status Validate(const v1::WithdrawCandidacyRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("WithdrawCandidacyRequest.request_id", r.request_id()));
  return Bytes("WithdrawCandidacyRequest.job_id", r.job_id(), kIdBytes);
}

Status Validate(const v1::CommitProofRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("CommitProofRequest.request_id", r.request_id()));
  PL_RETURN_IF_ERROR(Bytes("CommitProofRequest.attempt_id", r.attempt_id(), kIdBytes));
  PL_RETURN_IF_ERROR(Bytes("CommitProofRequest.commit_hash", r.commit_hash(), kDigestBytes));
  PL_RETURN_IF_ERROR(Bytes("CommitProofRequest.signature", r.signature(), kSignatureBytes));
  if (r.proof().empty() && r.nonce().empty()) return absl::OkStatus();
  PL_RETURN_IF_ERROR(Bytes("CommitProofRequest.proof", r.proof(), kProofBytes));
  return Bytes("CommitProofRequest.nonce", r.nonce(), 32);
}

Status Validate(const v1::RevealProofRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("RevealProofRequest.request_id", r.request_id()));
  PL_RETURN_IF_ERROR(Bytes("RevealProofRequest.attempt_id", r.attempt_id(), kIdBytes));
  PL_RETURN_IF_ERROR(Bytes("RevealProofRequest.proof", r.proof(), kProofBytes));
  return Bytes("RevealProofRequest.nonce", r.nonce(), 32);
}

Status Validate(const v1::ReleaseAttemptRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("ReleaseAttemptRequest.request_id", r.request_id()));
  PL_RETURN_IF_ERROR(Bytes("ReleaseAttemptRequest.attempt_id", r.attempt_id(), kIdBytes));
  if (v1::Reason_IsValid(r.reason())) return absl::OkStatus();
  return Bad("ReleaseAttemptRequest.reason", static_cast<int>(r.reason()), "a Reason");
}

Status Validate(const v1::GetAccountRequest& r) {
  return OptionalBytes("GetAccountRequest.owner", r.owner(), kKeyBytes);
}

Status Validate(const v1::ListTransfersRequest& r) {
  PL_RETURN_IF_ERROR(OptionalBytes("ListTransfersRequest.owner", r.owner(), kKeyBytes));
  return Page("ListTransfersRequest", r.page_size(), r.page_token());
}

Status Validate(const v1::DepositRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("DepositRequest.request_id", r.request_id()));
  PL_RETURN_IF_ERROR(Bytes("DepositRequest.owner", r.owner(), kKeyBytes));
  PL_RETURN_IF_ERROR(Positive("DepositRequest.amount_units", r.amount_units()));
  return Printable("DepositRequest.external_reference", r.external_reference(), 1, 128);
}

Status Validate(const v1::WithdrawRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("WithdrawRequest.request_id", r.request_id()));
  PL_RETURN_IF_ERROR(Positive("WithdrawRequest.amount_units", r.amount_units()));
  return Printable("WithdrawRequest.external_reference", r.external_reference(), 1, 128);
}

Status Validate(const v1::GetCheckpointRequest& r) {
  return AtMost("GetCheckpointRequest.cosignatures_min", r.cosignatures_min(), kCosignaturesMax);
}

Status Validate(const v1::GetConsistencyProofRequest& r) {
  return AtMost("GetConsistencyProofRequest.from_size", r.from_size(), r.to_size());
}

Status Validate(const v1::GetInclusionProofRequest& r) {
  if (r.leaf_index() < r.tree_size()) return absl::OkStatus();
  return Bad("GetInclusionProofRequest.leaf_index", r.leaf_index(), absl::StrCat("below ", r.tree_size()));
}

Status Validate(const v1::ListLeavesRequest& r) {
  PL_RETURN_IF_ERROR(AtMost("ListLeavesRequest.from_index", r.from_index(), kLogSizeMax));
  return AtMost("ListLeavesRequest.count", r.count(), kPageSizeMax);
}

Status Validate(const v1::AddCosignatureRequest&) { return absl::OkStatus(); }

Status Validate(const v1::PutCheckpointRequest&) { return absl::OkStatus(); }

Status Validate(const v1::ListSeenCheckpointsRequest& r) {
  return AtMost("ListSeenCheckpointsRequest.count", r.count(), kPageSizeMax);
}

Status Validate(const v1::ListWithdrawalsRequest& r) {
  PL_RETURN_IF_ERROR(OptionalBytes("ListWithdrawalsRequest.owner", r.owner(), kKeyBytes));
  if (r.everybody() && !r.owner().empty()) {
    return Bad("ListWithdrawalsRequest.owner", "a key", "none with everybody");
  }
  return Page("ListWithdrawalsRequest", r.page_size(), r.page_token());
}

Status Validate(const v1::CancelWithdrawalRequest& r) {
  return RequestId("CancelWithdrawalRequest.request_id", r.request_id());
}

Status Validate(const v1::PayWithdrawalRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("PayWithdrawalRequest.request_id", r.request_id()));
  return Printable("PayWithdrawalRequest.external_reference", r.external_reference(), 1, 128);
}

Status Validate(const v1::RejectWithdrawalRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("RejectWithdrawalRequest.request_id", r.request_id()));
  return Printable("RejectWithdrawalRequest.note", r.note(), 1, kNoteBytesMax);
}

Status Validate(const v1::GetStatementRequest& r) {
  PL_RETURN_IF_ERROR(OptionalBytes("GetStatementRequest.owner", r.owner(), kKeyBytes));
  if (r.from_us() < 0) return Bad("GetStatementRequest.from_us", r.from_us(), ">= 0");
  if (r.until_us() != 0 && r.until_us() < r.from_us()) {
    return Bad("GetStatementRequest.until_us", r.until_us(),
               absl::StrCat("0 or at least from_us = ", r.from_us()));
  }
  return Page("GetStatementRequest", r.page_size(), r.page_token());
}

Status Validate(const v1::SetSuspensionRequest& r) {
  PL_RETURN_IF_ERROR(RequestId("SetSuspensionRequest.request_id", r.request_id()));
  if (r.proof_system() != v1::PROOF_SYSTEM_GROTH16_BN254) {
    return Bad("SetSuspensionRequest.proof_system", static_cast<int>(r.proof_system()),
               "Groth16 over BN254 (1)");
  }
  PL_RETURN_IF_ERROR(OptionalBytes("SetSuspensionRequest.circuit_id", r.circuit_id(), kDigestBytes));
  return Printable("SetSuspensionRequest.note", r.note(), 0, kNoteBytesMax);
}

Status Validate(const v1::ListSuspensionsRequest&) { return absl::OkStatus(); }

}  // namespace prooflode::api
