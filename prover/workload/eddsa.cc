#include "prover/workload/eddsa.h"

#include <array>
#include <vector>

#include "base/crypto.h"
#include "prover/workload/poseidon.h"
#include "prover/workload/random_field.h"

namespace prooflode::workload {
namespace {

Limbs MinusOne(const Limbs& modulus) {
  Limbs out{};
  fp_internal::Sub(out, modulus, {1, 0, 0, 0});
  return out;
}

// bytes as one big-endian integer, modulo l.
BabyJubjubScalar ReduceBigEndian(ByteSpan bytes) {
  BabyJubjubScalar value;
  for (uint8_t byte : bytes) value = value * BabyJubjubScalar::FromU64(256) + BabyJubjubScalar::FromU64(byte);
  return value;
}

BabyJubjubScalar Reduce(const Fr& value) {
  std::array<uint8_t, 32> bytes{};
  value.ToBigEndian(bytes);
  return ReduceBigEndian(bytes);
}

BabyJubjubScalar Nonce(const BabyJubjubScalar& secret, const Fr& message) {
  std::array<uint8_t, 65> input{};
  secret.ToBigEndian(std::span<uint8_t, 32>(input.data() + 1, 32));
  message.ToBigEndian(std::span<uint8_t, 32>(input.data() + 33, 32));
  std::array<uint8_t, 64> wide{};
  for (uint8_t half = 0; half < 2; ++half) {
    input[0] = half;
    const Digest digest = Sha256(ByteSpan(input));
    std::copy(digest.begin(), digest.end(), wide.begin() + 32 * half);
  }
  return ReduceBigEndian(wide);
}

Fr Challenge(const BabyJubjubPoint& r, const BabyJubjubPoint& key, const Fr& message) {
  return Poseidon(std::array{r.x, r.y, key.x, key.y, message});
}

}  // namespace

EddsaKey MakeEddsaKey(Random& random) {
  EddsaKey key;
  while (key.secret.IsZero()) key.secret = UniformElement<BabyJubjubScalar>(random);
  key.point = MultiplyVartime(key.secret.ToCanonical(), BabyJubjubBase());
  return key;
}

EddsaSignature EddsaSign(const EddsaKey& key, const Fr& message) {
  const BabyJubjubScalar nonce = Nonce(key.secret, message);
  const BabyJubjubPoint r = MultiplyVartime(nonce.ToCanonical(), BabyJubjubBase());
  const BabyJubjubScalar challenge = Reduce(Challenge(r, key.point, message));
  return {r, (nonce + BabyJubjubScalar::FromU64(8) * challenge * key.secret).ToCanonical()};
}

bool EddsaVerify(const BabyJubjubPoint& key, const Fr& message, const EddsaSignature& signature) {
  if (!IsOnBabyJubjub(key) || !IsOnBabyJubjub(signature.r)) return false;
  if (!fp_internal::Less(signature.s, BabyJubjubScalar::kModulus)) return false;
  const BabyJubjubPoint cleared = MultiplyVartime({8, 0, 0, 0}, key);
  if (cleared == BabyJubjubPoint{}) return false;
  const Limbs challenge = Challenge(signature.r, key, message).ToCanonical();
  return MultiplyVartime(signature.s, BabyJubjubBase()) ==
         Add(signature.r, MultiplyVartime(challenge, cleared));
}

EddsaSignatureWires PrivateSignature(Builder& builder, const EddsaSignature& signature) {
  const auto s = Fr::FromCanonical(signature.s);
  return {PrivatePoint(builder, signature.r), builder.PrivateInput(s ? *s : Fr::Zero())};
}

void AssertEddsa(Builder& builder, const PointWires& key, const LinearCombination& message,
                 const EddsaSignatureWires& signature) {
  AssertOnCurve(builder, key);
  AssertOnCurve(builder, signature.r);
  const PointWires cleared = Double(builder, Double(builder, Double(builder, key)));
  // 8·A lies in the subgroup of order l, where only the neutral element has x = 0.
  const LinearCombination inverse = builder.Intermediate(cleared.x.value().Inverse());
  builder.Constrain(cleared.x, inverse, LinearCombination::Constant(1));

  const auto s_bits =
      builder.BitsAtMost(signature.s, kBabyJubjubScalarBits, MinusOne(BabyJubjubScalar::kModulus));
  const LinearCombination challenge =
      Poseidon(builder, std::array{signature.r.x, signature.r.y, key.x, key.y, message});
  // The canonical bits: with h + r in place of h the signer could choose between two challenges.
  const auto challenge_bits = builder.BitsAtMost(challenge, 254, MinusOne(Fr::kModulus));
  AssertEqual(builder, MultiplyBase(builder, s_bits),
              Add(builder, signature.r, Multiply(builder, challenge_bits, cleared)));
}

}  // namespace prooflode::workload
