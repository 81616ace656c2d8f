// Thieves in a market with real Groth16 proofs: a proof is a bearer artifact, which whoever sees it can
// change into another valid one without the witness. What they make of it must never be paid while the one
// who proved does its part. Source of the changes: Bowe and Gabizon, "Making Groth's zk-SNARK simulation
// extractable in the random oracle model", ePrint 2018/187, section 1.
#include <functional>
#include <utility>

#include "client/market_client.h"
#include "client/receipt.h"
#include "client/transfer.h"
#include "kernels/curve/bn254.h"
#include "prover/format/json.h"
#include "prover/groth16/random_fr.h"
#include "prover/groth16/verify.h"
#include "tests/integration/market_fixture_test.h"

namespace prooflode {
namespace {

template <typename Bytes>
std::string Text(const Bytes& bytes) {
  return std::string(AsChars(bytes));
}

struct Caller {
  Caller(const std::string& url, uint8_t seed, v1::Role role, Clock& clock, Random& random)
      : key(SigningKey::FromSeed({seed})) {
    client::ConnectionOptions options;
    options.channel.url = url;
    options.role = role;
    connection = client::Connection::Create(options, key, clock, random).value();
    calls = std::make_unique<client::MarketClient>(*connection);
  }
  uint64_t Available() {
    const auto account = calls->GetAccount({});
    EXPECT_TRUE(account.ok()) << account.status();
    return account.ok() ? account->account().available_units() : 0;
  }
  const SigningKey key;
  std::unique_ptr<client::Connection> connection;
  std::unique_ptr<client::MarketClient> calls;
};

// A -> A/x, B -> x B + x y delta, C -> C + y A: valid again, and looks like any other proof.
groth16::Proof Randomised(const groth16::Proof& proof, const groth16::VerifyingKey& key, const Fr& x,
                          const Fr& y) {
  const auto times = [](const auto& point, const Fr& scalar) {
    return ScalarMul(point, scalar.ToCanonical());
  };
  return {times(proof.a, x.Inverse()).ToAffine(), (times(proof.b, x) + times(key.delta, x * y)).ToAffine(),
          (times(proof.a, y) + proof.c).ToAffine()};
}

constexpr uint64_t kReward = 100;

class StolenProofTest : public MarketTest {
 protected:
  struct Statement {
    Witness witness;
    std::string witness_file;
    std::string public_inputs;  // wire form
  };
  // What a miner did in one race.
  struct Race {
    v1::Attempt attempt;
    std::string proof;
    Digest nonce{};
    client::Commit commit;
  };

  void SetUp() override {
    const auto circuit = workload::Build(workload::Kind::kPoseidon, 2, random_).value();
    proving_key_ = groth16::InsecureSetup(circuit.system, random_, threads_).value();
    ASSERT_TRUE(WriteZkey(Path("c.zkey"), proving_key_).ok());
    Caller op(Url(), 99, v1::ROLE_OPERATOR, clock_, random_);
    v1::DepositRequest deposit;
    deposit.set_owner(Text(requester_.key.public_key()));
    deposit.set_amount_units(10 * kReward);
    deposit.set_external_reference("test");
    ASSERT_TRUE(op.calls->Deposit(deposit).ok());
    const auto zkey = client::Upload(*requester_.connection, Path("c.zkey"), v1::ARTIFACT_KIND_ZKEY);
    ASSERT_TRUE(zkey.ok()) << zkey.status();
    v1::RegisterCircuitRequest request;
    request.set_name("chain");
    request.set_zkey_digest(Text(zkey->digest));
    request.set_allow_insecure_setup(true);
    const auto registered = requester_.calls->RegisterCircuit(request);
    ASSERT_TRUE(registered.ok()) << registered.status();
    circuit_id_ = registered->circuit().circuit_id();
  }

  Statement NewStatement(const std::string& name) {
    Statement statement{workload::Build(workload::Kind::kPoseidon, 2, random_).value().witness, Path(name),
                        ""};
    EXPECT_TRUE(WriteWtns(statement.witness_file, statement.witness).ok());
    statement.public_inputs = EncodePublicInputs(groth16::PublicInputs(proving_key_, statement.witness));
    return statement;
  }
  groth16::Proof Prove(const Statement& statement) {
    return groth16::Prove(proving_key_, statement.witness, random_, clock_, threads_).value();
  }
  bool Verifies(const Statement& statement, const groth16::Proof& proof) const {
    return groth16::Verifier(proving_key_.verifying_key)
        .Verify(groth16::PublicInputs(proving_key_, statement.witness), proof);
  }
  static std::string Wire(const groth16::Proof& proof) { return Text(EncodeProof(proof)); }

  StatusOr<v1::PostJobResponse> TryPost(const Statement& statement) {
    const auto witness =
        client::Upload(*requester_.connection, statement.witness_file, v1::ARTIFACT_KIND_WITNESS);
    PL_RETURN_IF_ERROR(witness.status());
    v1::PostJobRequest post;
    post.set_circuit_id(circuit_id_);
    post.set_witness_digest(Text(witness->digest));
    post.set_reward_units(kReward);
    post.set_time_limit_us(Count(Seconds(60)));
    post.mutable_policy()->mutable_race()->set_width(0);  // open: everybody is admitted at once
    return requester_.calls->PostJob(post);
  }
  std::string Post(const Statement& statement) {
    const auto posted = TryPost(statement);
    EXPECT_TRUE(posted.ok()) << posted.status();
    return posted.ok() ? posted->job().job_id() : "";
  }
  Race Enter(Caller& miner, const std::string& job) {
    v1::AcceptOfferRequest request;
    request.set_job_id(job);
    const auto accepted = miner.calls->AcceptOffer(request);
    EXPECT_TRUE(accepted.ok()) << accepted.status();
    return {accepted.ok() ? accepted->attempt() : v1::Attempt(), "", {}, {}};
  }
  void Commit(Caller& miner, Race& race, const groth16::Proof& proof, const Statement& statement) {
    race.proof = Wire(proof);
    random_.Fill(race.nonce);
    race.commit = client::MakeCommit(miner.key, rules_.market, race.attempt, race.proof,
                                     statement.public_inputs, race.nonce)
                      .value();
    const auto committed = miner.calls->CommitProof(client::CommitRequest(race.commit));
    ASSERT_TRUE(committed.ok()) << committed.status();
  }
  static Status Reveal(Caller& miner, const Race& race) {
    v1::RevealProofRequest reveal;
    reveal.set_attempt_id(race.attempt.attempt_id());
    reveal.set_fence(race.attempt.fence());
    reveal.set_proof(race.proof);
    reveal.set_nonce(Text(race.nonce));
    return miner.calls->RevealProof(reveal).status();
  }
  // Watches until the job is in this state; the job then.
  v1::Job WaitFor(const std::string& job_id, v1::JobState state) {
    v1::Job last;
    const Status status = requester_.calls->WatchJob(job_id, 0, [&](const v1::Job& job) {
      last = job;
      return job.state() != state;
    });
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(last.state(), state);
    return last;
  }
  v1::AttemptState StateOf(const std::string& job_id, const Race& race) {
    v1::GetJobRequest request;
    request.set_job_id(job_id);
    request.set_include_attempts(true);
    const auto job = requester_.calls->GetJob(request);
    EXPECT_TRUE(job.ok()) << job.status();
    for (const v1::Attempt& attempt : job->attempts()) {
      if (attempt.attempt_id() == race.attempt.attempt_id()) return attempt.state();
    }
    return v1::ATTEMPT_STATE_UNSPECIFIED;
  }

  // The thief learns the proof before anybody judged it, and is even the first to reveal.
  void StealAndRevealFirst(const std::function<groth16::Proof(const groth16::Proof&)>& change) {
    const Statement statement = NewStatement("w.wtns");
    const std::string job = Post(statement);
    Race honest = Enter(prover_, job);
    Race stolen = Enter(thief_, job);
    const groth16::Proof proof = Prove(statement);
    Commit(prover_, honest, proof, statement);
    const groth16::Proof changed = change(proof);
    ASSERT_TRUE(Verifies(statement, changed));
    Commit(thief_, stolen, changed, statement);
    ASSERT_TRUE(Reveal(thief_, stolen).ok());
    WaitFor(job, v1::JOB_STATE_DELIVERED);  // it is a valid proof, so the requester has it at once
    ASSERT_TRUE(Reveal(prover_, honest).ok());
    EXPECT_EQ(WaitFor(job, v1::JOB_STATE_WON).winner(), Text(prover_.key.public_key()));
    EXPECT_EQ(StateOf(job, honest), v1::ATTEMPT_STATE_WON);
    EXPECT_EQ(StateOf(job, stolen), v1::ATTEMPT_STATE_LOST);
    EXPECT_EQ(prover_.Available(), kReward);
    EXPECT_EQ(thief_.Available(), 0u);
  }

  groth16::ProvingKey proving_key_;
  std::string circuit_id_;
  Caller requester_{Url(), 2, v1::ROLE_REQUESTER, clock_, random_};
  Caller prover_{Url(), 3, v1::ROLE_MINER, clock_, random_};
  Caller thief_{Url(), 4, v1::ROLE_MINER, clock_, random_};
};

TEST_F(StolenProofTest, ACopyIsNotPaid) {
  StealAndRevealFirst([](const groth16::Proof& proof) { return proof; });
}

TEST_F(StolenProofTest, ARandomisedProofIsNotPaid) {
  StealAndRevealFirst([&](const groth16::Proof& proof) {
    const groth16::Proof changed =
        Randomised(proof, proving_key_.verifying_key, RandomFr(random_), RandomFr(random_));
    EXPECT_NE(changed, proof);
    return changed;
  });
}

TEST_F(StolenProofTest, ANegatedProofIsNotPaid) {
  StealAndRevealFirst([](const groth16::Proof& proof) {
    return groth16::Proof{-proof.a, -proof.b, proof.c};
  });
}

TEST_F(StolenProofTest, ACommitThatWasCopiedCannotBeOpened) {
  const Statement statement = NewStatement("w.wtns");
  const std::string job = Post(statement);
  Race honest = Enter(prover_, job);
  Race stolen = Enter(thief_, job);
  Commit(prover_, honest, Prove(statement), statement);
  // The same hash under the thief's signature, then the prover's opening.
  client::Commit copied = client::MakeCommit(thief_.key, rules_.market, stolen.attempt, honest.proof,
                                             statement.public_inputs, honest.nonce)
                              .value();
  v1::CommitProofRequest other_signature = client::CommitRequest(copied);
  other_signature.set_commit_hash(Text(honest.commit.commit_hash));
  EXPECT_FALSE(thief_.calls->CommitProof(other_signature).ok());  // it signs another hash
  v1::CommitProofRequest replayed = client::CommitRequest(honest.commit);
  EXPECT_FALSE(thief_.calls->CommitProof(replayed).ok());  // not its attempt
  stolen.proof = honest.proof;
  stolen.nonce = honest.nonce;
  EXPECT_FALSE(Reveal(thief_, stolen).ok());  // no commit
  Race others = honest;
  EXPECT_FALSE(Reveal(thief_, others).ok());  // the prover's attempt
  ASSERT_TRUE(Reveal(prover_, honest).ok());
  EXPECT_EQ(WaitFor(job, v1::JOB_STATE_WON).winner(), Text(prover_.key.public_key()));
  EXPECT_EQ(thief_.Available(), 0u);
}

TEST_F(StolenProofTest, AProofOfAnotherJobOrAWrongOneIsInvalid) {
  const Statement first = NewStatement("1.wtns");
  const Statement second = NewStatement("2.wtns");
  const std::string job = Post(second);
  const groth16::Proof of_first = Prove(first);
  ASSERT_FALSE(Verifies(second, of_first));
  const groth16::Proof of_second = Prove(second);
  std::vector<groth16::Proof> wrong = {
      of_first, {-of_second.a, of_second.b, of_second.c}, {of_second.a, of_second.b, -of_second.c}};
  uint8_t seed = 10;  // one wrong proof ends a miner's part in a job
  for (const groth16::Proof& proof : wrong) {
    Caller thief(Url(), seed++, v1::ROLE_MINER, clock_, random_);
    Race race = Enter(thief, job);
    Commit(thief, race, proof, second);
    ASSERT_TRUE(Reveal(thief, race).ok());
    for (int i = 0; i < 20'000 && StateOf(job, race) != v1::ATTEMPT_STATE_INVALID; ++i)
      clock_.Sleep(Millis(1));
    EXPECT_EQ(StateOf(job, race), v1::ATTEMPT_STATE_INVALID);
    EXPECT_EQ(thief.Available(), 0u);
  }
  Race honest = Enter(prover_, job);
  Commit(prover_, honest, of_second, second);
  ASSERT_TRUE(Reveal(prover_, honest).ok());
  EXPECT_EQ(WaitFor(job, v1::JOB_STATE_WON).winner(), Text(prover_.key.public_key()));
}

TEST_F(StolenProofTest, AStatementThatWasProvenIsNotSoldTwice) {
  const Statement statement = NewStatement("w.wtns");
  const std::string job = Post(statement);
  Race honest = Enter(prover_, job);
  Commit(prover_, honest, Prove(statement), statement);
  ASSERT_TRUE(Reveal(prover_, honest).ok());
  WaitFor(job, v1::JOB_STATE_WON);
  const uint64_t left = requester_.Available();
  const auto again = TryPost(statement);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->already_proven());
  EXPECT_EQ(again->job().job_id(), job);
  EXPECT_EQ(requester_.Available(), left);
  v1::AcceptOfferRequest request;
  request.set_job_id(job);
  EXPECT_FALSE(thief_.calls->AcceptOffer(request).ok());
}

}  // namespace
}  // namespace prooflode
