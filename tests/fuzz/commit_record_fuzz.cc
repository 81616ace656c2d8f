// A record of the miner's journal that is read encodes to its bytes. The checksum, which no mutation would
// hit, is put behind every input.
#include <algorithm>

#include "base/check.h"
#include "base/crypto.h"
#include "miner/work/journal.h"

namespace {

void Check(prooflode::ByteSpan bytes) {
  using namespace prooflode;
  const auto record = miner::DecodeCommitRecord(bytes);
  if (record.ok()) {
    PL_CHECK(std::ranges::equal(AsBytes(miner::EncodeCommitRecord(*record)), bytes));
  } else {
    PL_CHECK(!record.status().message().empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  const ByteSpan bytes(data, size);
  Check(bytes);
  std::string summed(AsChars(bytes));
  summed += AsChars(Sha256(bytes));
  Check(AsBytes(summed));
  return 0;
}
