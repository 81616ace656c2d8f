// A verifying key that is read passes the key check, and is written and read back as the same key.
#include "base/check.h"
#include "prover/format/json.h"
#include "prover/groth16/verify.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  const auto key = ParseVerifyingKeyJson({reinterpret_cast<const char*>(data), size}, "input");
  if (!key.ok()) {
    PL_CHECK(!key.status().message().empty());
    return 0;
  }
  PL_CHECK(groth16::CheckVerifyingKey(*key, false).ok());
  const auto again = ParseVerifyingKeyJson(VerifyingKeyToJson(*key), "written");
  PL_CHECK(again.ok() && *again == *key);
  return 0;
}
