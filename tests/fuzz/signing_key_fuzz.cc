// A key file that is read is the one line that such a key is kept as, whatever ends the line.
#include "base/check.h"
#include "base/crypto.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto key = SigningKey::Parse(text);
  if (key.ok()) {
    const std::string line = key->Serialize();
    PL_CHECK(text.starts_with(line.substr(0, line.size() - 1)));
    PL_CHECK(text.find_first_not_of("\r\n", line.size() - 1) == std::string::npos);
  } else {
    PL_CHECK(!key.status().message().empty());
  }
  return 0;
}
