// A witness that is read starts with one and holds only residues below r.
#include "base/check.h"
#include "prover/format/toy_files.h"
#include "prover/format/wtns.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  const UniqueFd fd = toy::MemoryFile({reinterpret_cast<const char*>(data), size});
  const auto witness = ReadWtnsFd(fd.get(), "input");
  if (!witness.ok()) {
    PL_CHECK(!witness.status().message().empty());
    return 0;
  }
  PL_CHECK(!witness->values.empty());
  PL_CHECK((witness->values[0] == Limbs{1, 0, 0, 0}));
  for (const Limbs& value : witness->values) PL_CHECK(Fr{value}.IsReduced());
  return 0;
}
