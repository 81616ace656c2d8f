// A constraint system that is read can be evaluated: every wire and every offset is in range.
#include "base/check.h"
#include "prover/format/r1cs.h"
#include "prover/format/toy_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  const UniqueFd fd = toy::MemoryFile({reinterpret_cast<const char*>(data), size});
  const auto system = ReadR1csFd(fd.get(), "input");
  if (!system.ok()) {
    PL_CHECK(!system.status().message().empty());
    return 0;
  }
  PL_CHECK(system->offsets.front() == 0 && system->offsets.back() == system->terms.size());
  PL_CHECK(system->public_count() < system->wire_count);
  for (const Term& term : system->terms)
    PL_CHECK(term.wire < system->wire_count && term.coefficient().IsReduced());
  PL_CHECK(system->wire_count <= kUnusedWiresMax + size / 8);
  const std::vector<Limbs> values(system->wire_count, Limbs{1, 0, 0, 0});
  (void)FirstUnsatisfied(*system, values);
  return 0;
}
