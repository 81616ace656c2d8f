// An exported log's lines, the leaves in them, and the records in those: a leaf that is told in words is told
// by a line that has it; records that are read fill their field.
#include "base/check.h"
#include "transparency/leaf_json.h"
#include "transparency/leaf_records.h"
#include "transparency/log_lines.h"

namespace prooflode::transparency {
namespace {

size_t SizeOf(const JobRecord&) { return 16 + 1 + 8 + 16 + 16; }
size_t SizeOf(const AttemptRecord&) { return 16 + 16 + 32 + 1 + 1 + 8 + 8; }
size_t SizeOf(const TransferRecord& record) {
  return 8 + 1 + 8 + 2 + record.debit.size() + 2 + record.credit.size() + 2 + record.job.size();
}
size_t SizeOf(const DrawRecord& record) { return 16 + 4 + 4 + 4 + record.candidates.size() * (32 + 4 + 1); }

template <typename Record>
void CheckRecords(std::string_view field, const StatusOr<std::vector<Record>>& records) {
  if (!records.ok()) {
    PL_CHECK(!records.status().message().empty());
    return;
  }
  size_t bytes = 0;
  for (const Record& record : *records) bytes += SizeOf(record);
  PL_CHECK(bytes == field.size());
}

void CheckField(std::string_view field) {
  CheckRecords(field, DecodeJobRecords(field));
  CheckRecords(field, DecodeAttemptRecords(field));
  CheckRecords(field, DecodeTransferRecords(field));
  CheckRecords(field, DecodeDrawRecords(field));
}

void CheckLeaf(uint64_t index, const std::string& bytes, const std::optional<std::string>& proof) {
  const Leaf leaf{.index = index, .bytes = bytes, .hash = LeafHash(AsBytes(bytes)), .proof = proof};
  if (const auto content = DecodeLeaf(AsBytes(bytes)); content.ok()) {
    for (const auto& [number, field] : content->fields) CheckField(field);
  }
  const auto line = LeafJsonLine(leaf);
  if (!line.ok()) return;
  const auto read = ParseLogLine(*line);
  PL_CHECK(read.ok());
  PL_CHECK(read->leaf_index == leaf.index && read->leaf == leaf.bytes && read->said_hash == leaf.hash);
  PL_CHECK(read->proof == leaf.proof);
}

}  // namespace
}  // namespace prooflode::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  using namespace prooflode::transparency;
  const std::string_view bytes = AsChars({data, size});
  if (const auto line = ParseLogLine(bytes); line.ok()) {
    CheckLeaf(line->leaf_index, line->leaf, line->proof);
  } else {
    PL_CHECK(!line.status().message().empty());
  }
  CheckLeaf(0, std::string(bytes), std::string(bytes.substr(0, 256)));
  CheckField(bytes);
  return 0;
}
