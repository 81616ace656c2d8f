// The shape of every request, before anything else looks at it: lengths, ranges, characters. One function a
// request; kInvalidArgument names the field, what came and what was wanted. Pure.
#pragma once

#include "base/status.h"
#include "prooflode/v1/account_service.pb.h"
#include "prooflode/v1/artifact_service.pb.h"
#include "prooflode/v1/auth_service.pb.h"
#include "prooflode/v1/log_service.pb.h"
#include "prooflode/v1/market_service.pb.h"
#include "prooflode/v1/miner_service.pb.h"
#include "prooflode/v1/operator_service.pb.h"

namespace prooflode::api {

// Of every request but chunks of artifacts.
inline constexpr size_t kControlBytesMax = 64 * 1024;
inline constexpr size_t kChunkBytesMax = 1 << 20;
inline constexpr uint32_t kPageSizeMax = 1000;
inline constexpr uint32_t kPageSizeDefault = 100;
inline constexpr uint32_t kCreditMax = 1024;
inline constexpr uint32_t kProtocolVersion = 1;
// Version of the form of keys, witnesses and proofs of every circuit (docs/formats).
inline constexpr uint32_t kCircuitFormat = 1;
inline constexpr size_t kProofBytes = 256;
inline constexpr size_t kMirrorsMax = 4;
inline constexpr size_t kMirrorBytesMax = 512;
inline constexpr size_t kDrawNonceMin = 16;
inline constexpr size_t kDrawNonceMax = 32;

Status Validate(const v1::GetMarketRequest& r);
Status Validate(const v1::BeginLoginRequest& r);
Status Validate(const v1::CompleteLoginRequest& r);

Status Validate(const v1::StatArtifactRequest& r);
Status Validate(const v1::UploadArtifactRequest::Header& r);
Status Validate(const v1::DownloadArtifactRequest& r);

Status Validate(const v1::RegisterCircuitRequest& r);
Status Validate(const v1::GetCircuitRequest& r);
Status Validate(const v1::ListCircuitsRequest& r);
Status Validate(const v1::PostJobRequest& r);
Status Validate(const v1::GetJobRequest& r);
Status Validate(const v1::ExplainJobRequest& request);
Status Validate(const v1::ForecastJobRequest& request);
Status Validate(const v1::ListJobsRequest& r);
Status Validate(const v1::CancelJobRequest& r);
Status Validate(const v1::GetProofRequest& r);
Status Validate(const v1::WatchJobRequest& r);

Status Validate(const v1::SessionRequest& r);
Status Validate(const v1::AcceptOfferRequest& r);
Status Validate(const v1::WithdrawCandidacyRequest& r);
Status Validate(const v1::CommitProofRequest& r);
Status Validate(const v1::RevealProofRequest& r);
Status Validate(const v1::ReleaseAttemptRequest& r);

Status Validate(const v1::GetAccountRequest& r);
Status Validate(const v1::ListTransfersRequest& r);
Status Validate(const v1::DepositRequest& r);
Status Validate(const v1::WithdrawRequest& r);
Status Validate(const v1::ListWithdrawalsRequest& r);
Status Validate(const v1::CancelWithdrawalRequest& r);
Status Validate(const v1::PayWithdrawalRequest& r);
Status Validate(const v1::RejectWithdrawalRequest& r);
Status Validate(const v1::GetStatementRequest& r);

Status Validate(const v1::SetSuspensionRequest& r);
Status Validate(const v1::ListSuspensionsRequest& r);

Status Validate(const v1::GetCheckpointRequest& r);
Status Validate(const v1::GetConsistencyProofRequest& r);
Status Validate(const v1::GetInclusionProofRequest& r);
Status Validate(const v1::ListLeavesRequest& r);
Status Validate(const v1::AddCosignatureRequest& r);
Status Validate(const v1::PutCheckpointRequest& r);
Status Validate(const v1::ListSeenCheckpointsRequest& r);

}  // namespace prooflode::api
