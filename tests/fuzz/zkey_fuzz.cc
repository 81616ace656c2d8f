// A key that is read must be safe to prove with: every count agrees with the vectors, every index is in
// range.
#include "base/check.h"
#include "prover/format/toy_files.h"
#include "prover/format/zkey.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  static ThreadPool pool(1);
  const UniqueFd fd = toy::MemoryFile({reinterpret_cast<const char*>(data), size});
  const auto key = ReadZkeyFd(fd.get(), "input", {.allow_insecure_setup = size % 2 == 0}, pool);
  if (!key.ok()) {
    PL_CHECK(!key.status().message().empty());
    return 0;
  }
  PL_CHECK(key->public_count < key->variable_count && key->public_count < key->domain_size());
  PL_CHECK(key->verifying_key.ic.size() == key->public_count + size_t{1});
  PL_CHECK(key->a.size() == key->variable_count && key->b1.size() == key->variable_count);
  PL_CHECK(key->b2.size() == key->variable_count);
  PL_CHECK(key->c.size() == key->variable_count - key->public_count - size_t{1});
  PL_CHECK(key->h.size() == key->domain_size());
  for (const groth16::Coefficient& entry : key->coefficients) {
    PL_CHECK(entry.constraint < key->domain_size() && entry.signal < key->variable_count);
    PL_CHECK(entry.value.IsReduced());
  }
  for (const G2Affine& point : key->b2)
    PL_CHECK(point.x.IsReduced() && point.y.IsReduced() && IsOnCurve(point));
  return 0;
}
