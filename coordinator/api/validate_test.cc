#include "coordinator/api/validate.h"

#include <gtest/gtest.h>

#include <set>

namespace prooflode::api {
namespace {

std::string Of(size_t size) { return std::string(size, '\x01'); }

// Every bytes field of a valid `request`, made one byte longer, shorter and empty, must be refused by name
// unless `optional` has it (then empty is right).
template <typename Request>
void CheckLengths(const Request& request, const std::set<std::string>& optional = {}) {
  ASSERT_TRUE(Validate(request).ok()) << Validate(request);
  const auto* descriptor = request.GetDescriptor();
  const auto* reflection = request.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    if (field->type() != google::protobuf::FieldDescriptor::TYPE_BYTES || field->is_repeated()) continue;
    const bool is_request_id = field->name() == "request_id";
    for (const size_t size : {size_t{0}, size_t{15}, size_t{65}, size_t{255}, size_t{257}}) {
      Request bad = request;
      reflection->SetString(&bad, field, Of(size));
      const Status status = Validate(bad);
      if (size == 0 && optional.contains(field->name())) {
        EXPECT_TRUE(status.ok()) << field->full_name();
        continue;
      }
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field->full_name() << " " << size;
      EXPECT_NE(status.message().find(field->name()), absl::string_view::npos) << status;
    }
    if (is_request_id) {
      for (const size_t size : {16, 64}) {
        Request good = request;
        reflection->SetString(&good, field, Of(size));
        EXPECT_TRUE(Validate(good).ok()) << size;
      }
    }
  }
}

v1::PostJobRequest PostJob() {
  v1::PostJobRequest r;
  r.set_request_id(Of(16));
  r.set_circuit_id(Of(32));
  r.set_witness_digest(Of(32));
  r.set_reward_units(1);
  r.set_time_limit_us(1);
  r.mutable_policy()->mutable_race();
  r.set_draw_nonce(Of(16));
  return r;
}

TEST(Validate, LengthsOfEveryBytesField) {
  v1::BeginLoginRequest begin;
  begin.set_public_key(Of(32));
  begin.set_role(v1::ROLE_MINER);
  CheckLengths(begin);
  v1::CompleteLoginRequest complete;
  complete.set_public_key(Of(32));
  complete.set_role(v1::ROLE_OPERATOR);
  complete.set_nonce(Of(32));
  complete.set_signature(Of(64));
  CheckLengths(complete);
  v1::StatArtifactRequest stat;
  stat.set_digest(Of(32));
  CheckLengths(stat);
  v1::DownloadArtifactRequest download;
  download.set_digest(Of(32));
  CheckLengths(download);
  v1::UploadArtifactRequest::Header header;
  header.set_digest(Of(32));
  header.set_size_bytes(1);
  header.set_kind(v1::ARTIFACT_KIND_WITNESS);
  CheckLengths(header);
  v1::RegisterCircuitRequest circuit;
  circuit.set_request_id(Of(16));
  circuit.set_name("a-circuit_1.0");
  circuit.set_zkey_digest(Of(32));
  CheckLengths(circuit, {"r1cs_digest"});
  v1::GetCircuitRequest get_circuit;
  get_circuit.set_circuit_id(Of(32));
  CheckLengths(get_circuit);
  CheckLengths(PostJob());
  v1::GetJobRequest get_job;
  get_job.set_job_id(Of(16));
  CheckLengths(get_job);
  v1::CancelJobRequest cancel;
  cancel.set_request_id(Of(16));
  cancel.set_job_id(Of(16));
  CheckLengths(cancel);
  v1::GetProofRequest proof;
  proof.set_job_id(Of(16));
  CheckLengths(proof);
  v1::WatchJobRequest watch;
  watch.set_job_id(Of(16));
  CheckLengths(watch);
  v1::AcceptOfferRequest accept;
  accept.set_request_id(Of(16));
  accept.set_job_id(Of(16));
  CheckLengths(accept, {"circuit_id"});
  v1::ExplainJobRequest explain;
  explain.set_job_id(Of(16));
  CheckLengths(explain);
  v1::ForecastJobRequest forecast;
  forecast.set_circuit_id(Of(32));
  CheckLengths(forecast);
}

TEST(Validate, LengthsOfEveryBytesFieldOfAttemptsAndAccounts) {
  v1::CommitProofRequest commit;
  commit.set_request_id(Of(16));
  commit.set_attempt_id(Of(16));
  commit.set_commit_hash(Of(32));
  commit.set_signature(Of(64));
  EXPECT_TRUE(Validate(commit).ok());
  commit.set_proof(Of(256));  // both or neither
  commit.set_nonce(Of(32));
  CheckLengths(commit);
  v1::RevealProofRequest reveal;
  reveal.set_request_id(Of(16));
  reveal.set_attempt_id(Of(16));
  reveal.set_proof(Of(256));
  reveal.set_nonce(Of(32));
  CheckLengths(reveal);
  v1::ReleaseAttemptRequest release;
  release.set_request_id(Of(16));
  release.set_attempt_id(Of(16));
  CheckLengths(release);
  v1::GetAccountRequest account;
  CheckLengths(account, {"owner"});
  v1::DepositRequest deposit;
  deposit.set_request_id(Of(16));
  deposit.set_owner(Of(32));
  deposit.set_amount_units(1);
  deposit.set_external_reference("r");
  CheckLengths(deposit);
}

TEST(Validate, SaysFieldWhatCameAndWhatWasWanted) {
  v1::PostJobRequest r = PostJob();
  r.set_reward_units(0);
  EXPECT_EQ(Validate(r).message(), "PostJobRequest.reward_units: 0, want > 0");
  r = PostJob();
  r.set_time_limit_us(-5);
  EXPECT_EQ(Validate(r).message(), "PostJobRequest.time_limit_us: -5, want > 0");
  r = PostJob();
  r.clear_policy();
  EXPECT_TRUE(Validate(r).ok());  // the operator's default
  r.clear_draw_nonce();
  EXPECT_EQ(Validate(r).message(), "PostJobRequest.draw_nonce: 0 bytes, want 16 to 32");
  r = PostJob();
  r.mutable_policy()->mutable_lease()->set_lease_us(-1);
  EXPECT_FALSE(Validate(r).ok());
}

TEST(Validate, Names) {
  v1::GetCircuitRequest r;
  for (const char* name : {"", "A", "a b", "../a/b", "a\n", "ä"}) {
    r.set_name(name);
    EXPECT_FALSE(Validate(r).ok()) << name;
  }
  r.set_name(std::string(65, 'a'));
  EXPECT_FALSE(Validate(r).ok());
  r.set_name(std::string(64, 'a'));
  EXPECT_TRUE(Validate(r).ok());
  r.Clear();
  EXPECT_FALSE(Validate(r).ok());
}

TEST(Validate, SessionMessages) {
  v1::SessionRequest r;
  EXPECT_FALSE(Validate(r).ok());
  r.mutable_credit()->set_offers(0);
  EXPECT_FALSE(Validate(r).ok());
  r.mutable_credit()->set_offers(kCreditMax);
  EXPECT_TRUE(Validate(r).ok());
  r.mutable_credit()->set_offers(kCreditMax + 1);
  EXPECT_FALSE(Validate(r).ok());
  auto* hello = r.mutable_hello();
  hello->set_version("0.1.0");
  hello->set_protocol_version(kProtocolVersion);
  hello->add_proof_systems(v1::PROOF_SYSTEM_GROTH16_BN254);
  hello->set_domain_size_max(1);
  EXPECT_TRUE(Validate(r).ok()) << Validate(r);
  hello->set_protocol_version(kProtocolVersion + 1);
  EXPECT_FALSE(Validate(r).ok());
  hello->set_protocol_version(kProtocolVersion);
  for (int i = 0; i < 65; ++i) hello->add_devices("gpu");
  EXPECT_FALSE(Validate(r).ok());
}

TEST(Validate, PagesReferencesAndKinds) {
  v1::ListJobsRequest list;
  list.set_page_size(kPageSizeMax);
  EXPECT_TRUE(Validate(list).ok());
  list.set_page_size(kPageSizeMax + 1);
  EXPECT_FALSE(Validate(list).ok());
  v1::WithdrawRequest withdraw;
  withdraw.set_request_id(Of(16));
  withdraw.set_amount_units(1);
  withdraw.set_external_reference("bank 7");
  EXPECT_TRUE(Validate(withdraw).ok());
  withdraw.set_external_reference("bank\t7");
  EXPECT_FALSE(Validate(withdraw).ok());
  withdraw.set_external_reference(std::string(129, 'a'));
  EXPECT_FALSE(Validate(withdraw).ok());
  v1::RejectWithdrawalRequest reject;
  reject.set_request_id(Of(16));
  EXPECT_FALSE(Validate(reject).ok());  // no note
  reject.set_note(std::string(200, 'a'));
  EXPECT_TRUE(Validate(reject).ok());
  reject.set_note(std::string(201, 'a'));
  EXPECT_FALSE(Validate(reject).ok());
  v1::ListWithdrawalsRequest withdrawals;
  withdrawals.set_everybody(true);
  EXPECT_TRUE(Validate(withdrawals).ok());
  withdrawals.set_owner(Of(32));
  EXPECT_FALSE(Validate(withdrawals).ok());
  v1::GetStatementRequest statement;
  statement.set_from_us(5);
  EXPECT_TRUE(Validate(statement).ok());
  statement.set_until_us(4);
  EXPECT_FALSE(Validate(statement).ok());
  v1::SetSuspensionRequest suspension;
  suspension.set_request_id(Of(16));
  EXPECT_FALSE(Validate(suspension).ok());  // of nothing
  suspension.set_proof_system(v1::PROOF_SYSTEM_GROTH16_BN254);
  EXPECT_TRUE(Validate(suspension).ok());
  suspension.set_circuit_id(Of(31));
  EXPECT_FALSE(Validate(suspension).ok());
  v1::UploadArtifactRequest::Header header;
  header.set_digest(Of(32));
  header.set_size_bytes(10);
  header.set_kind(v1::ARTIFACT_KIND_ZKEY);
  header.set_offset(11);
  EXPECT_FALSE(Validate(header).ok());
  header.set_offset(10);
  EXPECT_TRUE(Validate(header).ok());
  header.set_kind(static_cast<v1::ArtifactKind>(4));
  EXPECT_FALSE(Validate(header).ok());
}

}  // namespace
}  // namespace prooflode::api
