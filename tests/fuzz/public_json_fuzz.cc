// Public inputs that are read are written and read back as the same numbers.
#include "base/check.h"
#include "prover/format/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  const auto inputs = ParsePublicJson({reinterpret_cast<const char*>(data), size}, "input");
  if (!inputs.ok()) {
    PL_CHECK(!inputs.status().message().empty());
    return 0;
  }
  for (const Fr& input : *inputs) PL_CHECK(input.IsReduced());
  const auto again = ParsePublicJson(PublicToJson(*inputs), "written");
  PL_CHECK(again.ok() && *again == *inputs);
  const auto wire = DecodePublicInputs(AsBytes(EncodePublicInputs(*inputs)));
  PL_CHECK(wire.ok() && *wire == *inputs);
  return 0;
}
