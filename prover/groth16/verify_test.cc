// Statements and keys built from known secrets, so that valid and forged proofs can be made without a prover.
#include "prover/groth16/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "prover/groth16/trapdoor_key.h"
#include "prover/pairing/test_util.h"

namespace prooflode::groth16 {
namespace {

G1Affine Sum(const G1Affine& a, const G1Affine& b) { return (G1Xyzz::FromAffine(a) + b).ToAffine(); }

class VerifyTest : public testing::Test {
 protected:
  VerifyTest() : random_(7), trapdoor_(MakeTrapdoorKey(3, random_)), verifier_(trapdoor_.key) {
    for (int i = 0; i < 3; ++i) inputs_.push_back(RandomField<Fr>(random_));
    proof_ = Simulate(trapdoor_, inputs_, random_);
  }

  SimRandom random_;
  TrapdoorKey trapdoor_;
  Verifier verifier_;
  std::vector<Fr> inputs_;
  Proof proof_;
};

TEST_F(VerifyTest, AcceptsValidProofs) {
  EXPECT_TRUE(CheckVerifyingKey(trapdoor_.key, false).ok());
  EXPECT_EQ(verifier_.public_count(), 3u);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(verifier_.Verify(inputs_, Simulate(trapdoor_, inputs_, random_)));
  const std::vector<Fr> edges = {Fr::Zero(), Fr::One(), -Fr::One()};
  EXPECT_TRUE(verifier_.Verify(edges, Simulate(trapdoor_, edges, random_)));
}

TEST_F(VerifyTest, MovesWithItsKey) {
  Verifier other(MakeTrapdoorKey(1, random_).key);
  EXPECT_FALSE(other.Verify(inputs_, proof_));
  Verifier moved(std::move(verifier_));
  EXPECT_TRUE(moved.Verify(inputs_, proof_));
  other = std::move(moved);
  EXPECT_TRUE(other.Verify(inputs_, proof_));
}

TEST_F(VerifyTest, AcceptsWithoutPublicInputs) {
  const TrapdoorKey bare = MakeTrapdoorKey(0, random_);
  const Verifier verifier(bare.key);
  EXPECT_EQ(verifier.public_count(), 0u);
  const Proof proof = Simulate(bare, {}, random_);
  EXPECT_TRUE(verifier.Verify({}, proof));
  EXPECT_FALSE(verifier.Verify(std::vector<Fr>{Fr::Zero()}, proof));
}

TEST_F(VerifyTest, AcceptsWhenTheStatementSumsToInfinity) {
  // x·IC[1] = -IC[0] is legal: the pairing with gamma is then one.
  TrapdoorKey key = MakeTrapdoorKey(1, random_);
  const std::vector<Fr> inputs = {-(key.ic[0] * key.ic[1].Inverse())};
  const Verifier verifier(key.key);
  EXPECT_TRUE(verifier.Verify(inputs, Simulate(key, inputs, random_)));
}

// Groth16 proofs are malleable: these are other valid proofs of the same statement.
TEST_F(VerifyTest, AcceptsRerandomisedProofs) {
  Proof negated = proof_;
  negated.a = -proof_.a;
  negated.b = -proof_.b;
  EXPECT_TRUE(verifier_.Verify(inputs_, negated));
  const Fr k = RandomField<Fr>(random_);
  Proof scaled = proof_;
  scaled.a = Times(proof_.a, k);
  scaled.b = Times(proof_.b, k.Inverse());
  EXPECT_TRUE(verifier_.Verify(inputs_, scaled));
  Proof shifted = proof_;  // B + k·delta, C + k·A
  shifted.b = (G2Xyzz::FromAffine(proof_.b) + Times(trapdoor_.key.delta, k)).ToAffine();
  shifted.c = Sum(proof_.c, Times(proof_.a, k));
  EXPECT_TRUE(verifier_.Verify(inputs_, shifted));
}

TEST_F(VerifyTest, RefusesChangedProofs) {
  const Proof other = Simulate(trapdoor_, inputs_, random_);
  std::vector<Proof> wrong(8, proof_);
  wrong[0].a = -proof_.a;
  wrong[1].b = -proof_.b;
  wrong[2].c = -proof_.c;
  wrong[3].a = other.a;
  wrong[4].b = other.b;
  wrong[5].c = other.c;
  wrong[6].a = proof_.c;
  wrong[6].c = proof_.a;
  wrong[7].a = Sum(proof_.a, G1Generator());
  for (size_t i = 0; i < wrong.size(); ++i) EXPECT_FALSE(verifier_.Verify(inputs_, wrong[i])) << i;
}

TEST_F(VerifyTest, RefusesChangedInputs) {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    std::vector<Fr> wrong = inputs_;
    wrong[i] = wrong[i] + Fr::One();
    EXPECT_FALSE(verifier_.Verify(wrong, proof_)) << i;
  }
  std::vector<Fr> swapped = {inputs_[1], inputs_[0], inputs_[2]};
  EXPECT_FALSE(verifier_.Verify(swapped, proof_));
}

TEST_F(VerifyTest, RefusesAWrongCountOfInputs) {
  const std::vector<Fr> ending_in_zero = {inputs_[0], inputs_[1], Fr::Zero()};
  const Proof proof = Simulate(trapdoor_, ending_in_zero, random_);
  EXPECT_TRUE(verifier_.Verify(ending_in_zero, proof));
  EXPECT_FALSE(verifier_.Verify(std::span(ending_in_zero).first(2), proof));
  EXPECT_FALSE(verifier_.Verify({}, proof));
  std::vector<Fr> longer = ending_in_zero;
  longer.push_back(Fr::Zero());
  EXPECT_FALSE(verifier_.Verify(longer, proof));
}

TEST_F(VerifyTest, RefusesInfinity) {
  for (int i = 1; i < 8; ++i) {
    Proof wrong = proof_;
    if (i & 1) wrong.a = G1Affine::Infinity();
    if (i & 2) wrong.b = G2Affine::Infinity();
    if (i & 4) wrong.c = G1Affine::Infinity();
    EXPECT_FALSE(verifier_.Verify(inputs_, wrong)) << i;
    EXPECT_EQ(CheckProof(wrong).code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(VerifyTest, RefusesInfinityEvenWhereTheEquationHolds) {
  // C chosen so that a proof with A = infinity satisfies the equation: C = -(alpha·beta + IC·gamma)/delta.
  const Fr c = -(trapdoor_.alpha * trapdoor_.beta + StatementScalar(trapdoor_, inputs_) * trapdoor_.gamma) *
               trapdoor_.delta.Inverse();
  const Proof forged{G1Affine::Infinity(), G2Generator(), Times(G1Generator(), c)};
  EXPECT_FALSE(verifier_.Verify(inputs_, forged));
}

TEST_F(VerifyTest, RefusesPointsOffTheirCurveOrSubgroup) {
  Proof wrong = proof_;
  wrong.a.y = wrong.a.y + Fq::One();
  EXPECT_FALSE(verifier_.Verify(inputs_, wrong));
  wrong = proof_;
  wrong.c.x = Fq::Zero();
  EXPECT_FALSE(verifier_.Verify(inputs_, wrong));
  wrong = proof_;
  wrong.b.x.c1 = wrong.b.x.c1 + Fq::One();
  EXPECT_FALSE(verifier_.Verify(inputs_, wrong));
  wrong = proof_;
  wrong.b = OutsideSubgroup();
  ASSERT_TRUE(IsOnCurve(wrong.b));
  EXPECT_FALSE(verifier_.Verify(inputs_, wrong));
  EXPECT_THAT(std::string(CheckProof(wrong).message()), testing::HasSubstr("B: is not in the subgroup"));
}

TEST_F(VerifyTest, RefusesUnreducedValues) {
  const auto plus_modulus = [](auto value) {
    fp_internal::Add(value.limbs, value.limbs, value.kModulus);
    return value;
  };
  Proof wrong = proof_;
  wrong.a.x = plus_modulus(wrong.a.x);
  EXPECT_FALSE(verifier_.Verify(inputs_, wrong));
  wrong = proof_;
  wrong.c.y = plus_modulus(wrong.c.y);
  EXPECT_FALSE(verifier_.Verify(inputs_, wrong));
  wrong = proof_;
  wrong.b.x.c0 = plus_modulus(wrong.b.x.c0);
  EXPECT_FALSE(verifier_.Verify(inputs_, wrong));
  wrong = proof_;
  wrong.b.y.c1 = plus_modulus(wrong.b.y.c1);
  EXPECT_FALSE(verifier_.Verify(inputs_, wrong));
  std::vector<Fr> aliased = inputs_;
  aliased[0] = plus_modulus(aliased[0]);
  EXPECT_FALSE(verifier_.Verify(aliased, proof_));
}

TEST_F(VerifyTest, RefusesBadKeys) {
  const auto code = [](const VerifyingKey& key) { return CheckVerifyingKey(key, true).code(); };
  const VerifyingKey good = trapdoor_.key;
  EXPECT_EQ(code(good), absl::StatusCode::kOk);
  for (int i = 0; i < 8; ++i) {
    VerifyingKey bad = good;
    if (i == 0) bad.alpha = G1Affine::Infinity();
    if (i == 1) bad.alpha.x = bad.alpha.x + Fq::One();
    if (i == 2) bad.ic.clear();
    if (i == 3) bad.ic[0] = G1Affine::Infinity();
    if (i == 4) bad.ic[3] = G1Affine::Infinity();
    if (i == 5) bad.ic[2].y = bad.ic[2].y.Double();
    if (i == 6) bad.ic.assign(4, G1Affine::Infinity());
    if (i == 7) fp_internal::Add(bad.ic[1].x.limbs, bad.ic[1].x.limbs, Fq::kModulus);
    EXPECT_EQ(code(bad), absl::StatusCode::kInvalidArgument) << i;
  }
  for (G2Affine VerifyingKey::*member : {&VerifyingKey::beta, &VerifyingKey::gamma, &VerifyingKey::delta}) {
    VerifyingKey bad = good;
    bad.*member = G2Affine::Infinity();
    EXPECT_EQ(code(bad), absl::StatusCode::kInvalidArgument);
    bad.*member = OutsideSubgroup();
    EXPECT_EQ(code(bad), absl::StatusCode::kInvalidArgument);
    (bad.*member).x.c0 = (good.*member).x.c0 + Fq::One();
    EXPECT_EQ(code(bad), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(VerifyTest, GammaEqualToDeltaForgesAndIsRefused) {
  for (const bool negate : {false, true}) {
    TrapdoorKey weak = trapdoor_;
    weak.delta = negate ? -weak.gamma : weak.gamma;
    weak.key.delta = negate ? -weak.key.gamma : weak.key.gamma;
    EXPECT_EQ(CheckVerifyingKey(weak.key, false).code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(CheckVerifyingKey(weak.key, true).ok());
    // Without any witness or secret: A = alpha, B = beta, C = ∓(IC combination).
    G1Xyzz statement = G1Xyzz::FromAffine(weak.key.ic[0]);
    for (size_t i = 0; i < inputs_.size(); ++i) {
      statement = statement + ScalarMul(weak.key.ic[i + 1], inputs_[i].ToCanonical());
    }
    const G1Affine c = statement.ToAffine();
    const Proof forged{weak.key.alpha, weak.key.beta, negate ? c : -c};
    EXPECT_TRUE(Verifier(weak.key).Verify(inputs_, forged)) << "this is why the key is refused";
  }
}

}  // namespace
}  // namespace prooflode::groth16
