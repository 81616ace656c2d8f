// What is read as an amount of money writes to text that reads as the same amount.
#include "base/amount_text.h"
#include "base/bytes.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  if (size == 0) return 0;
  const uint32_t decimals = data[0] % (kAssetDecimalsMax + 1);
  const auto amount = ParseAmount(AsChars({data + 1, size - 1}), decimals);
  if (!amount.ok()) return 0;
  const auto again = ParseAmount(FormatAmount(*amount, decimals), decimals);
  PL_CHECK(again.ok() && *again == *amount);
  return 0;
}
