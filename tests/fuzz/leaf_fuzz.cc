// There is one encoding of each leaf of the log: what is decoded encodes to the bytes that came.
#include <algorithm>

#include "base/check.h"
#include "transparency/leaf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  const ByteSpan bytes(data, size);
  const auto leaf = transparency::DecodeLeaf(bytes);
  if (leaf.ok()) {
    PL_CHECK(leaf->type <= transparency::kLeafTypeMax);
    PL_CHECK(std::ranges::equal(AsBytes(transparency::EncodeLeaf(*leaf)), bytes));
  } else {
    PL_CHECK(!leaf.status().message().empty());
  }
  return 0;
}
