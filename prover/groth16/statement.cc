#include "prover/groth16/statement.h"

#include <string_view>

#include "base/crypto.h"

namespace prooflode::groth16 {
namespace {

void Add(Sha256Stream& hash, const Fq& value) {
  std::array<uint8_t, 32> bytes;
  value.ToBigEndian(bytes);
  hash.Update(bytes);
}
void Add(Sha256Stream& hash, const Fq2& value) {
  Add(hash, value.c1);
  Add(hash, value.c0);
}
template <typename Point>
void AddPoint(Sha256Stream& hash, const Point& point) {
  Add(hash, point.x);
  Add(hash, point.y);
}

Sha256Stream Begin(std::string_view domain) {
  Sha256Stream hash;
  hash.Update(AsBytes(domain));
  const uint8_t zero = 0;
  hash.Update({&zero, 1});
  return hash;
}

}  // namespace

Digest VerifyingKeyDigest(const VerifyingKey& key) {
  Sha256Stream hash = Begin("prooflode/v1/verifying-key");
  hash.Update({&kProofSystemNumber, 1});
  AddPoint(hash, key.alpha);
  AddPoint(hash, key.beta);
  AddPoint(hash, key.gamma);
  AddPoint(hash, key.delta);
  for (const G1Affine& point : key.ic) AddPoint(hash, point);
  return hash.Finish();
}

Digest CircuitId(const Digest& verifying_key, const Digest& zkey, const std::optional<Digest>& r1cs) {
  Sha256Stream hash = Begin("prooflode/v1/circuit");
  hash.Update(verifying_key);
  hash.Update(zkey);
  hash.Update(r1cs.value_or(Digest{}));
  return hash.Finish();
}

Digest StatementDigest(const Digest& verifying_key, ByteSpan public_inputs) {
  Sha256Stream hash = Begin("prooflode/v1/statement");
  hash.Update(verifying_key);
  hash.Update(public_inputs);
  return hash.Finish();
}

}  // namespace prooflode::groth16
