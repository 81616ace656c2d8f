// A receipt that is read is written as a line that reads the same, and none is believed that was not signed.
#include "base/check.h"
#include "transparency/receipt.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  using namespace prooflode::transparency;
  const auto receipt = ParseReceiptLine(AsChars({data, size}));
  if (!receipt.ok()) {
    PL_CHECK(!receipt.status().message().empty());
    return 0;
  }
  const std::string line = ReceiptLine(*receipt);
  PL_CHECK(line.find('\n') == std::string::npos);
  const auto again = ParseReceiptLine(line);
  PL_CHECK(again.ok() && *again == *receipt);
  Receipt other = *receipt;
  other.leaf += '\0';
  PL_CHECK(!CheckReceipt(other).ok() || !CheckReceipt(*receipt).ok());
  return 0;
}
