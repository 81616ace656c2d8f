#include "prover/groth16/verify.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "prover/groth16/input_combination.h"
#include "prover/pairing/pairing.h"

namespace prooflode::groth16 {
namespace {

bool CoordinatesReduced(const G1Affine& p) { return p.x.IsReduced() && p.y.IsReduced(); }
bool CoordinatesReduced(const G2Affine& p) { return p.x.IsReduced() && p.y.IsReduced(); }

// What keeps `p` from being a finite point of the prime-order group, or nullptr.
const char* Fault(const G1Affine& p) {
  if (!CoordinatesReduced(p)) return "a coordinate is not below the field's modulus";
  if (p.IsInfinity()) return "is the point at infinity";
  if (!IsOnCurve(p)) return "is not on the curve";
  return nullptr;
}
const char* Fault(const G2Affine& p) {
  if (!CoordinatesReduced(p)) return "a coordinate is not below the field's modulus";
  if (p.IsInfinity()) return "is the point at infinity";
  if (!IsOnCurve(p)) return "is not on the curve";
  if (!IsInSubgroup(p)) return "is not in the subgroup of prime order";
  return nullptr;
}

template <typename Point>
Status CheckPoint(const Point& p, const char* object, const char* name) {
  const char* fault = Fault(p);
  if (fault == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(object, ": ", name, ": ", fault));
}

}  // namespace

Status CheckProof(const Proof& proof) {
  PL_RETURN_IF_ERROR(CheckPoint(proof.a, "proof", "A"));
  PL_RETURN_IF_ERROR(CheckPoint(proof.b, "proof", "B"));
  return CheckPoint(proof.c, "proof", "C");
}

Status CheckVerifyingKey(const VerifyingKey& key, bool allow_insecure_setup) {
  constexpr char kKey[] = "verifying key";
  PL_RETURN_IF_ERROR(CheckPoint(key.alpha, kKey, "alpha"));
  PL_RETURN_IF_ERROR(CheckPoint(key.beta, kKey, "beta"));
  PL_RETURN_IF_ERROR(CheckPoint(key.gamma, kKey, "gamma"));
  PL_RETURN_IF_ERROR(CheckPoint(key.delta, kKey, "delta"));
  if (key.ic.empty())
    return absl::InvalidArgumentError("verifying key: IC is empty, wanted at least one point");
  for (size_t i = 0; i < key.ic.size(); ++i) {
    PL_RETURN_IF_ERROR(CheckPoint(key.ic[i], kKey, absl::StrCat("IC[", i, "]").c_str()));
  }
  if ((key.gamma == key.delta || key.gamma == -key.delta) && !allow_insecure_setup) {
    return absl::FailedPreconditionError(
        "verifying key: gamma is plus or minus delta: the setup has no phase 2 contribution, anybody can "
        "forge proofs");
  }
  return absl::OkStatus();
}

struct Verifier::Prepared {
  explicit Prepared(const VerifyingKey& key)
      : alpha_beta(Pairing(key.alpha, key.beta)),
        gamma(PrepareG2(key.gamma)),
        delta(PrepareG2(key.delta)),
        inputs(key.ic) {}

  Fq12 alpha_beta;
  PreparedG2 gamma;
  PreparedG2 delta;
  InputCombination inputs;
};

Verifier::Verifier(const VerifyingKey& key) : prepared_(std::make_unique<const Prepared>(key)) {}
Verifier::~Verifier() = default;
Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;

size_t Verifier::public_count() const { return prepared_->inputs.input_count(); }

bool Verifier::Verify(std::span<const Fr> public_inputs, const Proof& proof,
                      const CancelToken* cancel) const {
  PL_CHECK(prepared_ != nullptr);
  if (public_inputs.size() != public_count()) return false;
  for (const Fr& input : public_inputs) {
    if (!input.IsReduced()) return false;
  }
  if (Fault(proof.a) != nullptr || Fault(proof.c) != nullptr || Fault(proof.b) != nullptr) return false;
  const G1Affine statement = prepared_->inputs.Combine(public_inputs, cancel).ToAffine();
  const PreparedG2 b = PrepareG2(proof.b);
  const std::array<PairingInput, 3> pairs = {
      PairingInput{proof.a, &b}, {-statement, &prepared_->gamma}, {-proof.c, &prepared_->delta}};
  return FinalExponentiation(MillerProduct(pairs)) == prepared_->alpha_beta;
}

}  // namespace prooflode::groth16
