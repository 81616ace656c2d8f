#include "coordinator/export_log.h"

#include "base/files.h"
#include "transparency/leaf_json.h"

namespace prooflode::coordinator {

namespace {

constexpr size_t kPageLeaves = 256;

}  // namespace

StatusOr<ExportReport> ExportLog(const engine::Store& store, uint64_t from, int fd, std::string_view name) {
  ExportReport report{.leaf_count = 0, .tree_size = from};
  if (from > 0) {
    PL_ASSIGN_OR_RETURN(const auto before, store.ReadLeaves(from - 1, 1));
    if (before.empty()) return absl::OutOfRangeError(absl::StrCat("from: ", from, ", the log is shorter"));
  }
  size_t read = kPageLeaves;
  while (read == kPageLeaves) {
    PL_ASSIGN_OR_RETURN(const auto leaves, store.ReadLeaves(report.tree_size, kPageLeaves));
    read = leaves.size();
    std::string page;
    for (const transparency::Leaf& leaf : leaves) {
      if (leaf.index != report.tree_size || leaf.hash != transparency::LeafHash(AsBytes(leaf.bytes))) {
        return absl::DataLossError(
            absl::StrCat("leaf ", report.tree_size, ": missing, or its bytes do not have its hash"));
      }
      PL_ASSIGN_OR_RETURN(const std::string line, transparency::LeafJsonLine(leaf));
      absl::StrAppend(&page, line, "\n");
      ++report.leaf_count;
      ++report.tree_size;
    }
    PL_RETURN_IF_ERROR(WriteAll(fd, AsBytes(page), name));
  }
  return report;
}

}  // namespace prooflode::coordinator
