// Settings that were read from a file are printed as a file that gives them again.
#include "base/check.h"
#include "base/settings/settings.h"
#include "prover/format/toy_files.h"

namespace prooflode {
namespace {

struct Values {
  std::string text = "none";
  uint64_t number = 1;
  bool flag = false;

  Status Load(const std::string& content, std::string& printed) {
    Settings settings({TextSetting("name", &text, "a text"),
                       NumberSetting("limits.queue", &number, 1, 1000, "a number"),
                       FlagSetting("limits.strict", &flag, "a flag")});
    const UniqueFd fd = toy::MemoryFile(content);
    PL_RETURN_IF_ERROR(settings.LoadFile("/proc/self/fd/" + std::to_string(fd.get())));
    printed = settings.Print();
    return absl::OkStatus();
  }
};

}  // namespace
}  // namespace prooflode

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  Values values;
  std::string printed;
  const Status status = values.Load(std::string(reinterpret_cast<const char*>(data), size), printed);
  if (!status.ok()) {
    PL_CHECK(!status.message().empty());
    return 0;
  }
  PL_CHECK(values.number >= 1 && values.number <= 1000);
  Values again;
  std::string ignored;
  PL_CHECK(again.Load(printed, ignored).ok());
  PL_CHECK(again.text == values.text && again.number == values.number && again.flag == values.flag);
  return 0;
}
