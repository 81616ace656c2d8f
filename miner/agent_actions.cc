// One function for each action of the session about jobs and attempts; those about its stream are in
// agent_stream.cc, how files come here in agent_files.cc.
#include <algorithm>
#include <utility>

#include "base/crypto.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "client/gossip.h"
#include "client/receipt.h"
#include "miner/agent.h"
#include "miner/convert.h"

namespace prooflode::miner {
namespace {

constexpr Micros kGossipPause = Seconds(60);
constexpr size_t kGossipMost = 8;

CallResult Classify(const Status& status) {
  if (status.ok()) return CallResult::kOk;
  if (client::IsOutcomeUnknown(status)) return CallResult::kRetry;
  if (client::IsLoginFailure(status)) return CallResult::kRetry;
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return CallResult::kRefused;
    default:
      // Also PERMISSION_DENIED and UNIMPLEMENTED: a login that does not work today, or a proxy with nothing
      // behind it, says nothing about the proof.
      return CallResult::kRetry;
  }
}

// Whether it is the job's files that are no good, rather than this machine or the network.
bool JobAtFault(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

// What the end of a worker's job without a proof says.
event::ProofFailure FailureOf(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
      return event::ProofFailure::kCancelled;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return event::ProofFailure::kCrashed;
    default:
      return JobAtFault(status) ? event::ProofFailure::kUnprovable : event::ProofFailure::kFailed;
  }
}

}  // namespace

// --- Calls ---

void Agent::Do(const action::Accept& accept) {
  if (const Status kept = journal_.PutJob(accept.job); !kept.ok()) {
    LogWarning("miner", "journal: %s; a crash would leave the job taken", kept.ToString());
  }
  calls_.Run([this, accept] {
    v1::AcceptOfferRequest request;
    request.set_request_id(Bytes(accept.request));
    request.set_job_id(Bytes(accept.job));
    request.set_predicted_us(Count(accept.predicted));
    request.set_residency(accept.key_here ? v1::RESIDENCY_DISK : v1::RESIDENCY_NONE);
    // One more than can be proved at once: the commit before may still be on its way.
    request.set_slots(static_cast<uint32_t>(workers_.size()) + 1);
    request.set_protocol_version(kProtocolVersion);
    request.set_circuit_id(Bytes(accept.circuit));
    request.set_circuit_format(accept.format);
    const auto response = market_.AcceptOffer(std::move(request), kOneTry);
    Failpoint("miner.after_accept");
    event::AcceptAnswered answer{.request = accept.request, .job = accept.job};
    answer.result = Classify(response.status());
    answer.reason = ToReason(client::ReasonOf(response.status()));
    if (answer.reason == Reason::kCollateralTooLow) {
      const auto account = market_.GetAccount({}, kOneTry);
      if (account.ok()) answer.balance = Amount{account->account().available_units()};
    }
    if (response.ok() && !response->has_attempt()) {
      answer.draw_at = Micros{response->draw_at_us()};
    } else if (response.ok()) {
      const auto attempt = ToAttempt(response->attempt());
      if (attempt.ok() && attempt->job == accept.job) {
        answer.attempt = *attempt;
      } else {
        answer.result = CallResult::kRefused;
      }
    }
    Post([this, answer] { Feed(answer); });
  });
}

void Agent::Do(const action::WithdrawCandidacy& withdraw) {
  calls_.Run([this, withdraw] {
    v1::WithdrawCandidacyRequest request;
    request.set_request_id(Bytes(withdraw.request));
    request.set_job_id(Bytes(withdraw.job));
    (void)market_.WithdrawCandidacy(std::move(request), kOneTry);
  });
}

void Agent::Do(const action::ForgetJob& forget) {
  if (const Status removed = journal_.RemoveJob(forget.job); !removed.ok()) {
    LogWarning("miner", "journal: %s", removed.ToString());
  }
}

void Agent::Do(const action::Commit& commit) {
  // Before anything leaves the machine.
  Failpoint("miner.before_journal");
  if (const Status kept = journal_.Put(commit.record); !kept.ok()) {
    LogError("miner", "journal: %s; the commit waits", kept.ToString());
    const event::CommitAnswered later{commit.record.attempt.id, CallResult::kRetry, true, "journal"};
    return Post([this, later] { Feed(later); });
  }
  Failpoint("miner.before_commit");
  calls_.Run([this, record = commit.record] {
    const event::CommitAnswered answer = SendCommit(record);
    Failpoint("miner.after_commit");
    Post([this, answer] { Feed(answer); });
  });
}

event::CommitAnswered Agent::SendCommit(const CommitRecord& record) {
  event::CommitAnswered answer{.attempt = record.attempt.id};
  const auto failed = [&](const Status& status) {
    answer.result = Classify(status);
    answer.message = std::string(status.message());
    return answer;
  };
  const auto market = connection_.Market(kOneTry);
  if (!market.ok()) return failed(market.status());
  auto commit = client::MakeCommit(connection_.key(), market->market(), FromAttempt(record.attempt),
                                   AsChars(record.proof), record.public_inputs, record.nonce);
  if (!commit.ok()) return failed(commit.status());
  commit->shows_proof = !record.reveal_request;
  const auto log = connection_.Keys(kOneTry);
  if (!log.ok()) return failed(log.status());
  const client::LogView::Known asked = log_view_.known(*log);
  v1::CommitProofRequest request = client::CommitRequest(*commit);
  request.set_request_id(Bytes(record.commit_request));
  request.set_known_tree_size(asked.head.size);
  if (commit->shows_proof) {
    request.set_proof(Bytes(record.proof));
    request.set_nonce(Bytes(record.nonce));
  }
  const auto response = market_.CommitProof(std::move(request), kOneTry);
  if (!response.ok()) return failed(response.status());
  const Status taken = TakeReceipt(response->receipt(), *commit, asked);
  // The disk or the network: the same commit gets the same receipt again.
  if (!taken.ok() && !absl::IsDataLoss(taken)) {
    LogError("miner", "receipt: %s; asking for it again", taken.ToString());
    answer.result = CallResult::kRetry;
  }
  answer.receipt_valid = !absl::IsDataLoss(taken);
  answer.message = std::string(taken.message());
  if (!answer.receipt_valid) {
    metrics_.LogContradicted();
    LogError("log", "%s: %s", commit->shows_proof ? "the receipt of a proof is not valid" : "NOT REVEALING",
             answer.message);
  }
  return answer;
}

Status Agent::TakeReceipt(const v1::Receipt& receipt, const client::Commit& commit,
                          const client::LogView::Known& asked) {
  // After the answer, which may come of another key than the question went to.
  PL_ASSIGN_OR_RETURN(const transparency::LogKeys log, connection_.Keys(kOneTry));
  PL_ASSIGN_OR_RETURN(const transparency::Receipt value,
                      client::CheckedReceipt(receipt, commit, connection_.key().public_key(), log));
  PL_ASSIGN_OR_RETURN(const auto nodes, client::ProofNodes(receipt.consistency_proof()));
  return log_view_.TakeReceipt(log, value, asked, nodes, [this](uint64_t from, uint64_t to) {
    return log_.GetConsistencyProof(from, to, kOneTry);
  });
}

Status Agent::Gossip() {
  PL_ASSIGN_OR_RETURN(const transparency::LogKeys log, connection_.Keys(kOneTry));
  return client::Gossip(log_, log_view_, log, kGossipMost, kOneTry).status();
}

void Agent::GossipIfDue(Micros now) {
  if (gossiping_ || now < gossip_at_ || stream_ == nullptr) return;
  gossiping_ = true;
  gossip_at_ = now + kGossipPause;
  calls_.Run([this] {
    const Status told = Gossip();
    if (absl::IsDataLoss(told)) {
      metrics_.LogContradicted();
      LogError("log", "PROOF OF FRAUD by the coordinator: %s", std::string(told.message()));
    } else if (!told.ok()) {
      Log(LogLevel::kDebug, "log", "nothing learned of the log this time: " + told.ToString());
    }
    Post([this] { gossiping_ = false; });
  });
}

void Agent::Do(const action::Reveal& reveal) {
  calls_.Run([this, record = reveal.record] {
    v1::RevealProofRequest request;
    request.set_request_id(Bytes(*record.reveal_request));
    request.set_attempt_id(Bytes(record.attempt.id));
    request.set_fence(record.attempt.fence);
    request.set_proof(Bytes(record.proof));
    request.set_nonce(Bytes(record.nonce));
    Failpoint("miner.before_reveal");
    const Status status = market_.RevealProof(std::move(request), kOneTry).status();
    Failpoint("miner.after_reveal");
    const event::RevealAnswered answer{record.attempt.id, Classify(status), std::string(status.message())};
    Post([this, answer] { Feed(answer); });
  });
}

void Agent::Do(const action::Release& release) {
  calls_.Run([this, release] {
    v1::ReleaseAttemptRequest request;
    request.set_request_id(Bytes(release.request));
    request.set_attempt_id(Bytes(release.attempt.id));
    request.set_fence(release.attempt.fence);
    request.set_reason(FromReason(release.reason));
    const Status status = market_.ReleaseAttempt(std::move(request), kOneTry).status();
    const event::ReleaseAnswered answer{release.attempt.id, Classify(status)};
    Post([this, answer] { Feed(answer); });
  });
}

// --- Files ---

void Agent::Do(const action::Fetch& fetch) {
  const uint64_t id = ++ids_;
  const auto cancel = std::make_shared<CancelToken>();
  fetching_[fetch.job.id] = {id, cancel};
  fetches_.Run([this, job = fetch.job, id, cancel] {
    const Micros began = clock_.MonotonicNow();
    uint64_t fetched = 0;
    auto files = std::make_shared<StatusOr<Files>>(FetchFiles(job, *cancel, fetched));
    const Micros took = clock_.MonotonicNow() - began;
    Post([this, job = job.id, id, files, took, fetched] {
      OnFetched(job, id, std::move(*files), took, fetched);
    });
  });
}

void Agent::OnFetched(const JobId& job, uint64_t id, StatusOr<Files> files, Micros took, uint64_t fetched) {
  const auto it = fetching_.find(job);
  if (it == fetching_.end() || it->second.id != id) return;  // cancelled
  fetching_.erase(it);
  if (!files.ok())
    return Feed(event::ArtifactsFailed{job, JobAtFault(files.status()),
                                       "fetching: " + std::string(files.status().message())});
  metrics_.Fetched(took);
  files_[job] = *std::move(files);
  Feed(event::ArtifactsReady{job, took, fetched});
  files_.erase(job);
}

void Agent::Do(const action::CancelFetch& cancel) {
  const auto it = fetching_.find(cancel.job);
  if (it == fetching_.end()) return;
  it->second.cancel->Cancel();
  fetching_.erase(it);
}

void Agent::Do(const action::Forget& forget) {
  if (forget.committed) {
    if (const Status removed = journal_.Remove(forget.attempt); !removed.ok()) {
      LogWarning("miner", "journal: %s", removed.ToString());
    }
  }
  // A stranger's secret is kept no longer than it is needed.
  if (forget.witness) cache_.Remove(*forget.witness);
}

// --- Proving ---

void Agent::Do(const action::Prove& prove) {
  const auto files = files_.find(prove.job.id);
  const uint64_t id = ++ids_;
  WorkerJob job;
  job.id = id;
  job.circuit = prove.job.circuit;
  job.allow_insecure_setup = prove.job.insecure_setup;
  job.public_inputs = Sha256(AsBytes(prove.job.public_inputs));
  job.limit = prove.limit;
  job.load_limit = prove.load_limit;
  Status started = absl::InternalError("files are not at hand");
  if (files != files_.end()) {
    job.zkey = std::move(files->second.zkey);
    job.witness = std::move(files->second.witness);
    started = workers_.at(prove.device)->Prove(std::move(job));
  }
  if (!started.ok()) {
    const event::ProofFailed failed{prove.job.id, event::ProofFailure::kFailed,
                                    std::string(started.message())};
    return Post([this, failed] { Feed(failed); });
  }
  proving_[prove.device] = Proving{id, prove.job.id, clock_.MonotonicNow()};
  reporter_.ProvingBegan(prove.job.id, prove.device);
}

void Agent::Do(const action::CancelProving& cancel) {
  const auto& proving = proving_.at(cancel.device);
  if (proving && proving->job == cancel.job) workers_.at(cancel.device)->Cancel(proving->id);
}

void Agent::OnResult(size_t device, const WorkerResult& result) {
  auto& proving = proving_.at(device);
  if (!proving || proving->id != result.id) return;
  const Proving done = *std::exchange(proving, std::nullopt);
  reporter_.ProvingEnded(done.job, device);
  // Memory errors pass: a second proof that verifies shows that the device was at fault, and one that does
  // not that key or witness are.
  if (result.status.ok() && result.self_verify_failures > 0) {
    metrics_.SelfVerifyFailures(device, result.self_verify_failures);
  }
  if (absl::IsUnavailable(result.status)) metrics_.DeviceError(device, DeviceErrorKind::kCrash);
  if (absl::IsDeadlineExceeded(result.status)) metrics_.DeviceError(device, DeviceErrorKind::kHang);
  if (!result.status.ok()) {
    return Feed(event::ProofFailed{done.job, FailureOf(result.status), std::string(result.status.message())});
  }
  const groth16::StageTimes& s = result.stages;
  reporter_.Proof(done.job, device,
                  {.warm = result.warm,
                   .load_ms = result.load_ms,
                   .quotient_ms = s.quotient_ms,
                   .msm_g1_ms = s.msm_a_ms + s.msm_b1_ms + s.msm_c_ms + s.msm_h_ms,
                   .msm_g2_ms = s.msm_b2_ms,
                   .finish_ms = s.finish_ms,
                   .verify_ms = result.verify_ms,
                   .prove_ms = result.prove_ms});
  Feed(event::ProofMade{done.job, result.proof, clock_.MonotonicNow() - done.began});
}

void Agent::Do(const action::Finished&) { finished_ = true; }

}  // namespace prooflode::miner
