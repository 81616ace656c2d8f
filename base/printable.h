// Text from strangers on the way to a terminal or a log: what would move the cursor, start an escape sequence
// or end the line becomes '?'. Bytes of UTF-8 pass, save the control characters U+0080 to U+009F.
#pragma once

#include <string>
#include <string_view>

namespace prooflode {

inline std::string Printable(std::string_view text) {
  std::string out(text);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    const auto next = static_cast<unsigned char>(i + 1 < out.size() ? out[i + 1] : 0);
    if (c < 0x20 || c == 0x7f) out[i] = '?';
    if (c == 0xc2 && next >= 0x80 && next < 0xa0) out[i] = out[i + 1] = '?';
  }
  return out;
}

}  // namespace prooflode
