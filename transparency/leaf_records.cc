#include "transparency/leaf_records.h"

#include "base/bytes.h"

namespace prooflode::transparency {
namespace {

constexpr size_t kIdBytes = 16;
constexpr size_t kKeyBytes = 32;

// Takes values from the front of a field; once something is missing every value is empty and ok() false.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty() || !ok_; }
  bool ok() const { return ok_; }
  std::string Bytes(size_t size) { return std::string(Take(size)); }
  template <typename T>
  T Integer() {
    const std::string_view bytes = Take(sizeof(T));
    return bytes.empty() ? T{} : LoadLe<T>(AsBytes(bytes).data());
  }
  Micros Time() { return Micros{Integer<int64_t>()}; }
  std::string Text() { return Bytes(Integer<uint16_t>()); }

 private:
  std::string_view Take(size_t size) {
    if (rest_.size() < size) ok_ = false;
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool ok_ = true;
};

void Read(RecordReader& in, JobRecord& record) {
  record.job = in.Bytes(kIdBytes);
  record.state = in.Integer<uint8_t>();
  record.deadline = in.Time();
  record.delivered_attempt = in.Bytes(kIdBytes);
  record.winning_attempt = in.Bytes(kIdBytes);
}

void Read(RecordReader& in, AttemptRecord& record) {
  record.attempt = in.Bytes(kIdBytes);
  record.job = in.Bytes(kIdBytes);
  record.miner = in.Bytes(kKeyBytes);
  record.state = in.Integer<uint8_t>();
  record.reason = in.Integer<uint8_t>();
  record.fence = in.Integer<uint64_t>();
  record.reveal_by = in.Time();
}

void Read(RecordReader& in, TransferRecord& record) {
  record.id = in.Integer<uint64_t>();
  record.kind = in.Integer<uint8_t>();
  record.amount = in.Integer<uint64_t>();
  record.debit = in.Text();
  record.credit = in.Text();
  record.job = in.Text();
}

void Read(RecordReader& in, DrawRecord& record) {
  record.job = in.Bytes(kIdBytes);
  record.number = in.Integer<uint32_t>();
  record.places = in.Integer<uint32_t>();
  for (auto left = in.Integer<uint32_t>(); left > 0 && in.ok(); --left) {
    DrawRecord::Candidate& candidate = record.candidates.emplace_back();
    candidate.miner = in.Bytes(kKeyBytes);
    candidate.tickets = in.Integer<uint32_t>();
    candidate.admitted = in.Integer<uint8_t>() == 1;
  }
}

template <typename Record>
StatusOr<std::vector<Record>> ReadAll(std::string_view field, std::string_view name) {
  RecordReader in(field);
  std::vector<Record> records;
  while (!in.done()) Read(in, records.emplace_back());
  if (!in.ok()) return absl::DataLossError(absl::StrCat(Sv(name), ": the last record is cut"));
  return records;
}

}  // namespace

StatusOr<std::vector<JobRecord>> DecodeJobRecords(std::string_view field) {
  return ReadAll<JobRecord>(field, "jobs");
}
StatusOr<std::vector<AttemptRecord>> DecodeAttemptRecords(std::string_view field) {
  return ReadAll<AttemptRecord>(field, "attempts");
}
StatusOr<std::vector<TransferRecord>> DecodeTransferRecords(std::string_view field) {
  return ReadAll<TransferRecord>(field, "transfers");
}
StatusOr<std::vector<DrawRecord>> DecodeDrawRecords(std::string_view field) {
  return ReadAll<DrawRecord>(field, "draws");
}

}  // namespace prooflode::transparency
