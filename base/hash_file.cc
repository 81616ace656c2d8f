#include "base/hash_file.h"

#include <algorithm>
#include <vector>

#include "base/files.h"

namespace prooflode {
namespace {

constexpr uint64_t kChunkBytes = 1 << 20;

}  // namespace

Status HashFile(int fd, uint64_t bytes, std::string_view name, const CancelToken* cancel,
                Sha256Stream& hash) {
  std::vector<uint8_t> chunk(std::min(bytes, kChunkBytes));
  for (uint64_t offset = 0; offset < bytes;) {
    if (IsCancelled(cancel)) return absl::CancelledError(absl::StrCat(Sv(name), ": cancelled"));
    const std::span<uint8_t> part(chunk.data(), std::min<uint64_t>(bytes - offset, chunk.size()));
    PL_RETURN_IF_ERROR(ReadExactly(fd, offset, part, name));
    hash.Update(part);
    offset += part.size();
  }
  return absl::OkStatus();
}

}  // namespace prooflode
