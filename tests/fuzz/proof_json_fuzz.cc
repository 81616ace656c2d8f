// A proof that is read is written and read back as the same proof.
#include "base/check.h"
#include "prover/format/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  const auto proof = ParseProofJson({reinterpret_cast<const char*>(data), size}, "input");
  if (!proof.ok()) {
    PL_CHECK(!proof.status().message().empty());
    return 0;
  }
  const auto again = ParseProofJson(ProofToJson(*proof), "written");
  PL_CHECK(again.ok() && *again == *proof);
  const auto wire = DecodeProof(EncodeProof(*proof));
  PL_CHECK(wire.ok() && *wire == *proof);
  return 0;
}
