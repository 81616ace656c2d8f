// There is one encoding of each proof: what is decoded encodes to the bytes that came.
#include <algorithm>

#include "base/check.h"
#include "prover/format/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  const ByteSpan bytes(data, size);
  if (const auto proof = DecodeProof(bytes); proof.ok()) {
    PL_CHECK(IsOnCurve(proof->a) && IsOnCurve(proof->b) && IsOnCurve(proof->c) && IsInSubgroup(proof->b));
    PL_CHECK(std::ranges::equal(EncodeProof(*proof), bytes));
  }
  if (const auto inputs = DecodePublicInputs(bytes); inputs.ok()) {
    PL_CHECK(std::ranges::equal(AsBytes(EncodePublicInputs(*inputs)), bytes));
  }
  return 0;
}
