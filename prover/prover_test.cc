// Setup, proving and verifying together, on circuits small enough to read.
#include "prover/prover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <set>

#include "base/files.h"
#include "base/sim/sim_env.h"
#include "prover/format/json.h"
#include "prover/format/zkey.h"
#include "prover/groth16/input_combination.h"
#include "prover/groth16/random_fr.h"
#include "prover/groth16/test_circuits.h"
#include "prover/groth16/verify.h"

namespace prooflode {
namespace {

using groth16::Blinding;
using groth16::Proof;
using groth16::ProvingKey;
using ::testing::HasSubstr;

class ProverTest : public ::testing::Test {
 protected:
  ProvingKey KeyOf(const ConstraintSystem& system) {
    StatusOr<ProvingKey> key = groth16::InsecureSetup(system, random_, pool_);
    EXPECT_TRUE(key.ok()) << key.status();
    return *std::move(key);
  }
  StatusOr<ProofResult> Prove(const ConstraintSystem& system, const Witness& witness,
                              const CancelToken* cancel = nullptr) {
    return MakeCpuProver(KeyOf(system), random_, clock_, pool_)->Prove(witness, cancel);
  }
  Proof FixedProof(const ProvingKey& key, const Witness& witness, ThreadPool& pool) {
    const Blinding blinding{Fr::FromU64(12345), -Fr::FromU64(678)};
    StatusOr<Proof> proof = groth16::ProveWithBlindingForTest(key, witness, blinding, pool);
    EXPECT_TRUE(proof.ok()) << proof.status();
    return *proof;
  }

  SimRandom random_{7};
  SimClock clock_;
  ThreadPool pool_{3};
};

TEST_F(ProverTest, ProofsOfSmallCircuitsVerify) {
  EXPECT_TRUE(Prove(groth16::ProductCircuit(), groth16::ProductWitness()).ok());
  EXPECT_TRUE(Prove(groth16::CubeCircuit(), groth16::CubeWitness()).ok());
  for (const uint32_t length : {1u, 2u, 3u, 13u, 14u, 15u, 300u}) {
    const auto result = Prove(groth16::ChainCircuit(length), groth16::ChainWitness(length, 5));
    ASSERT_TRUE(result.ok()) << length << ": " << result.status();
    EXPECT_EQ(result->public_inputs.size(), 1u);
  }
}

TEST_F(ProverTest, ReportsThePublicInputs) {
  const auto result = Prove(groth16::ProductCircuit(), groth16::ProductWitness());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->public_inputs, (std::vector<Fr>{Fr::FromU64(33), Fr::FromU64(9)}));
}

TEST_F(ProverTest, OtherPublicInputsDoNotVerify) {
  const ProvingKey key = KeyOf(groth16::ProductCircuit());
  const Proof proof = FixedProof(key, groth16::ProductWitness(), pool_);
  const groth16::Verifier verifier(key.verifying_key);
  const Fr one = Fr::One();
  EXPECT_TRUE(verifier.Verify(std::vector{Fr::FromU64(33), Fr::FromU64(9)}, proof));
  EXPECT_FALSE(verifier.Verify(std::vector{Fr::FromU64(33) + one, Fr::FromU64(9)}, proof));
  EXPECT_FALSE(verifier.Verify(std::vector{Fr::FromU64(33), Fr::FromU64(9) - one}, proof));
  EXPECT_FALSE(verifier.Verify(std::vector{Fr::FromU64(33)}, proof));
}

TEST_F(ProverTest, TwentyProofsDifferAndVerify) {
  const auto prover = MakeCpuProver(KeyOf(groth16::ProductCircuit()), random_, clock_, pool_);
  std::set<Limbs> a, b, c;
  for (int i = 0; i < 20; ++i) {
    const auto result = prover->Prove(groth16::ProductWitness(), nullptr);
    ASSERT_TRUE(result.ok()) << result.status();
    a.insert(result->proof.a.x.limbs);
    b.insert(result->proof.b.x.c0.limbs);
    c.insert(result->proof.c.x.limbs);
  }
  EXPECT_EQ(a.size(), 20u);
  EXPECT_EQ(b.size(), 20u);
  EXPECT_EQ(c.size(), 20u);
}

TEST_F(ProverTest, UnsatisfiedWitnessGivesNoProof) {
  Witness witness = groth16::ProductWitness();
  for (size_t i = 1; i < witness.values.size(); ++i) {
    Witness wrong = witness;
    wrong.values[i][0] += 1;
    const auto result = Prove(groth16::ProductCircuit(), wrong);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kDataLoss) << "value " << i;
    EXPECT_THAT(std::string(result.status().message()), HasSubstr("does not satisfy"));
  }
}

TEST_F(ProverTest, WitnessOfAnotherCircuitIsRefused) {
  const auto result = Prove(groth16::ProductCircuit(), groth16::CubeWitness());
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("3 values; this circuit's key wants 7"));
}

TEST_F(ProverTest, CancelledBeforeItBegins) {
  CancelToken cancel;
  cancel.Cancel();
  const auto result = Prove(groth16::ChainCircuit(40), groth16::ChainWitness(40, 2), &cancel);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
}

// At every look at the token, from the first to the last.
TEST_F(ProverTest, CancelledAnywhereGivesNoProofAndTheNextOneIsGood) {
  const uint32_t length = 2000;  // several chunks of everything
  const Witness witness = groth16::ChainWitness(length, 2);
  const auto prover = MakeCpuProver(KeyOf(groth16::ChainCircuit(length)), random_, clock_, pool_);
  int64_t polls = 0;
  while (true) {
    CancelToken cancel;
    cancel.CancelAfterPolls(polls);
    const auto result = prover->Prove(witness, &cancel);
    if (result.ok()) break;
    ASSERT_EQ(result.status().code(), absl::StatusCode::kCancelled) << result.status() << " at " << polls;
    polls += 1 + polls / 16;
  }
  EXPECT_GT(polls, 500);
}

// The verification of a proof with so many public inputs takes long enough to be worth stopping.
TEST_F(ProverTest, CancelledWithinItsVerification) {
  ConstraintSystem system = groth16::CubeCircuit();
  const auto inputs = static_cast<uint32_t>(groth16::InputCombination::kTabledInputsMax + 50);
  system.wire_count += inputs;
  system.public_input_count = inputs;
  for (Term& term : system.terms) {
    if (term.wire > 0) term.wire += inputs;
  }
  Witness witness;
  witness.values.assign(system.wire_count, Limbs{1, 0, 0, 0});
  for (uint32_t i = 1; i <= inputs; ++i) witness.values[i] = {i, i, i, 1};
  witness.values[inputs + 1] = {2, 0, 0, 0};
  witness.values[inputs + 2] = {4, 0, 0, 0};
  const ProvingKey key = KeyOf(system);
  const Proof proof = FixedProof(key, witness, pool_);
  const std::vector<Fr> publics = groth16::PublicInputs(key, witness);
  const groth16::Verifier verifier(key.verifying_key);
  CancelToken cancel;
  EXPECT_TRUE(verifier.Verify(publics, proof, &cancel));
  cancel.CancelAfterPolls(3);
  EXPECT_FALSE(verifier.Verify(publics, proof, &cancel));
  EXPECT_TRUE(cancel.cancelled());
}

TEST_F(ProverTest, ThreadsAndOrderOfCoefficientsDoNotChangeTheProof) {
  ProvingKey key = KeyOf(groth16::ChainCircuit(100));
  const Witness witness = groth16::ChainWitness(100, 11);
  const Proof proof = FixedProof(key, witness, pool_);
  ThreadPool one(1);
  EXPECT_EQ(FixedProof(key, witness, one), proof);
  for (size_t i = key.coefficients.size() - 1; i > 0; --i) {
    std::swap(key.coefficients[i], key.coefficients[random_.Below(i + 1)]);
  }
  EXPECT_EQ(FixedProof(key, witness, pool_), proof);
  EXPECT_EQ(FixedProof(key, witness, one), proof);
}

TEST_F(ProverTest, BlindingIsUsed) {
  const ProvingKey key = KeyOf(groth16::CubeCircuit());
  const Witness witness = groth16::CubeWitness();
  const auto prove = [&](uint64_t r, uint64_t s) {
    return *groth16::ProveWithBlindingForTest(key, witness, {Fr::FromU64(r), Fr::FromU64(s)}, pool_);
  };
  const groth16::Verifier verifier(key.verifying_key);
  for (const auto& [r, s] : {std::pair<uint64_t, uint64_t>{0, 0}, {1, 0}, {0, 1}, {5, 5}}) {
    EXPECT_TRUE(verifier.Verify({}, prove(r, s))) << r << " " << s;
  }
  EXPECT_EQ(prove(1, 0).b, prove(2, 0).b);
  EXPECT_NE(prove(1, 0).a, prove(2, 0).a);
  EXPECT_NE(prove(0, 1).b, prove(0, 2).b);
}

TEST_F(ProverTest, SetupIsRepeatableFromItsRandomness) {
  SimRandom first(3), again(3), other(4);
  const auto a = groth16::InsecureSetup(groth16::ProductCircuit(), first, pool_);
  const auto b = groth16::InsecureSetup(groth16::ProductCircuit(), again, pool_);
  const auto c = groth16::InsecureSetup(groth16::ProductCircuit(), other, pool_);
  EXPECT_EQ(a->verifying_key, b->verifying_key);
  EXPECT_EQ(a->h, b->h);
  EXPECT_NE(a->verifying_key, c->verifying_key);
  EXPECT_TRUE(groth16::CheckVerifyingKey(a->verifying_key, false).ok());
}

TEST_F(ProverTest, SetupHasTheShapeThatKeysHave) {
  const ProvingKey key = KeyOf(groth16::ProductCircuit());
  EXPECT_EQ(key.log_domain, 3);  // three constraints, and rows for the constant and two public inputs
  EXPECT_EQ(key.variable_count, 7u);
  EXPECT_EQ(key.public_count, 2u);
  EXPECT_EQ(key.verifying_key.ic.size(), 3u);
  EXPECT_EQ(key.c.size(), 4u);
  EXPECT_EQ(key.h.size(), 8u);
  EXPECT_EQ(groth16::ConstraintCount(key), 3u);
  EXPECT_EQ(key.coefficients.size(), 8u + 3u);
  EXPECT_EQ(key.coefficients.back().signal, 2u);
  EXPECT_EQ(key.coefficients.back().constraint, 5u);
  EXPECT_TRUE(key.b1[6].IsInfinity());  // wire 6 stands in no B
  EXPECT_FALSE(key.b1[3].IsInfinity());
}

TEST_F(ProverTest, SetupRefusesTooFewWires) {
  ConstraintSystem system = groth16::CubeCircuit();
  system.public_input_count = 3;
  EXPECT_EQ(groth16::InsecureSetup(system, random_, pool_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ProverTest, SetupRefusesMorePublicInputsThanCanBeVerified) {
  ConstraintSystem system = groth16::CubeCircuit();
  system.public_input_count = groth16::kPublicInputsMax + 1;
  system.wire_count = groth16::kPublicInputsMax + 10;
  const Status status = groth16::InsecureSetup(system, random_, pool_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("at most 65536"));
}

TEST(Secrets, BlindingIsWipedWhenReleased) {
  alignas(Blinding) unsigned char memory[sizeof(Blinding)] = {};
  auto* blinding = new (memory) Blinding{Fr::FromU64(7), Fr::FromU64(9)};
  ASSERT_NE(std::count(std::begin(memory), std::end(memory), 0), static_cast<long>(sizeof(memory)));
  blinding->~Blinding();
  EXPECT_EQ(std::count(std::begin(memory), std::end(memory), 0), static_cast<long>(sizeof(memory)));
}

const std::string kCubic = PROOFLODE_VECTORS "/cubic/";

TEST_F(ProverTest, EqualToSnarkjsForTheSameBlinding) {
  const auto key = ReadZkey(kCubic + "cubic.zkey", {}, pool_);
  ASSERT_TRUE(key.ok()) << key.status();
  const auto witness = ReadWtns(kCubic + "cubic.wtns");
  ASSERT_TRUE(witness.ok()) << witness.status();
  const Blinding blinding{Fr::FromU64(0x1234567890abcdef), Fr::FromU64(0xfedcba0987654321)};
  const auto proof = groth16::ProveWithBlindingForTest(*key, *witness, blinding, pool_);
  ASSERT_TRUE(proof.ok()) << proof.status();
  const auto expected = ReadFile(kCubic + "proof_fixed_blinding.json", kProofJsonBytesMax);
  ASSERT_TRUE(expected.ok()) << expected.status();
  EXPECT_EQ(ProofToJson(*proof), *expected);
}

TEST_F(ProverTest, SetupLaysKeysOutAsSnarkjsDoes) {
  const auto theirs = ReadZkey(kCubic + "cubic.zkey", {}, pool_);
  ASSERT_TRUE(theirs.ok()) << theirs.status();
  const auto system = ReadR1cs(kCubic + "cubic.r1cs");
  ASSERT_TRUE(system.ok()) << system.status();
  const ProvingKey ours = KeyOf(*system);
  EXPECT_EQ(ours.log_domain, theirs->log_domain);
  EXPECT_EQ(ours.variable_count, theirs->variable_count);
  EXPECT_EQ(ours.public_count, theirs->public_count);
  EXPECT_TRUE(ours.coefficients == theirs->coefficients);
  ASSERT_EQ(ours.a.size(), theirs->a.size());
  for (size_t i = 0; i < ours.a.size(); ++i) {
    EXPECT_EQ(ours.a[i].IsInfinity(), theirs->a[i].IsInfinity()) << i;
    EXPECT_EQ(ours.b1[i].IsInfinity(), theirs->b1[i].IsInfinity()) << i;
    EXPECT_EQ(ours.b2[i].IsInfinity(), theirs->b2[i].IsInfinity()) << i;
  }
  EXPECT_EQ(ours.c.size(), theirs->c.size());
  EXPECT_EQ(ours.h.size(), theirs->h.size());
}

TEST_F(ProverTest, RandomFrRejectsWhatIsNotBelowTheModulus) {
  // First r itself, then r - 1.
  class Scripted final : public Random {
   public:
    void Fill(std::span<uint8_t> out) override {
      Limbs value = Fr::kModulus;
      if (calls_++ > 0) value[0] -= 1;
      std::memcpy(out.data(), value.data(), out.size());
    }
    int calls_ = 0;
  } scripted;
  EXPECT_EQ(RandomFr(scripted), -Fr::One());
  EXPECT_EQ(scripted.calls_, 2);
}

}  // namespace
}  // namespace prooflode
