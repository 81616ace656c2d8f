#include "coordinator/engine/answer_codec.h"

#include "coordinator/engine/field_bytes.h"
#include "coordinator/engine/fields.h"

namespace prooflode::engine {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint32_t kAbsent = 0xffffffff;

class RecordWriter {
 public:
  template <typename T>
  void operator()(const T& value) {
    const std::string bytes = FieldBytes(value);
    out_ += FieldBytes(static_cast<uint32_t>(bytes.size()));
    out_ += bytes;
  }
  template <typename T>
  void operator()(const std::optional<T>& value) {
    if (value) {
      (*this)(*value);
    } else {
      out_ += FieldBytes(kAbsent);
    }
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : left_(bytes) {}

  template <typename T>
  void operator()(T& value) {
    std::string_view field;
    bool present = false;
    Next(field, present);
    ok_ = ok_ && present && FromFieldBytes(field, value);
  }
  template <typename T>
  void operator()(std::optional<T>& value) {
    std::string_view field;
    bool present = false;
    Next(field, present);
    value.reset();
    if (present) ok_ = ok_ && FromFieldBytes(field, value.emplace());
  }
  bool AtEnd() const { return ok_ && left_.empty(); }

 private:
  void Next(std::string_view& field, bool& present) {
    uint32_t size = 0;
    ok_ = ok_ && FromFieldBytes(left_.substr(0, sizeof(size)), size);
    if (!ok_) return;
    left_.remove_prefix(sizeof(size));
    present = size != kAbsent;
    if (!present) return;
    ok_ = size <= left_.size();
    if (!ok_) return;
    field = left_.substr(0, size);
    left_.remove_prefix(size);
  }

  std::string_view left_;
  bool ok_ = true;
};

template <typename Archive>
void VisitAnswer(Archive& archive, Is<market::Refusal> auto& a) {
  archive(a.code);
  archive(a.reason);
  archive(a.message);
}
template <typename Archive>
void VisitAnswer(Archive& archive, Is<market::CircuitAnswer> auto& a) {
  VisitFields(archive, a.circuit);
}
template <typename Archive>
void VisitAnswer(Archive& archive, Is<market::JobAnswer> auto& a) {
  VisitFields(archive, a.job);
  archive(a.already_proven);
}
template <typename Archive>
void VisitAnswer(Archive& archive, Is<market::AttemptAnswer> auto& a) {
  VisitFields(archive, a.attempt);
  VisitFields(archive, a.job);
}
template <typename Archive>
void VisitAnswer(Archive& archive, Is<market::CandidacyAnswer> auto& a) {
  VisitFields(archive, a.candidacy);
  VisitFields(archive, a.job);
}
template <typename Archive>
void VisitAnswer(Archive& archive, Is<market::CommitAnswer> auto& a) {
  archive(a.leaf_index);
  archive(a.reveal_by);
}
template <typename Archive>
void VisitAnswer(Archive& archive, Is<market::RevealAnswer> auto& a) {
  archive(a.leaf_index);
}
template <typename Archive>
void VisitAnswer(Archive& archive, Is<market::TransferAnswer> auto& a) {
  VisitFields(archive, a.transfer);
}
template <typename Archive>
void VisitAnswer(Archive&, Is<market::Done> auto&) {}
template <typename Archive>
void VisitAnswer(Archive& archive, Is<market::WithdrawalAnswer> auto& a) {
  VisitFields(archive, a.withdrawal);
}
template <typename Archive>
void VisitAnswer(Archive& archive, Is<market::SuspensionAnswer> auto& a) {
  VisitFields(archive, a.suspension);
  archive(a.refunded_jobs);
}

template <size_t I = 0>
market::Answer MakeAnswer(size_t kind) {
  if constexpr (I + 1 < std::variant_size_v<market::Answer>) {
    if (kind != I) return MakeAnswer<I + 1>(kind);
  }
  return market::Answer(std::in_place_index<I>);
}

}  // namespace

std::string EncodeAnswer(const market::Answer& answer) {
  RecordWriter writer;
  std::visit([&](const auto& a) { VisitAnswer(writer, a); }, answer);
  return FieldBytes(kVersion) + FieldBytes(static_cast<uint8_t>(answer.index())) + writer.Take();
}

StatusOr<market::Answer> DecodeAnswer(std::string_view bytes) {
  if (bytes.size() < 2 || static_cast<uint8_t>(bytes[0]) != kVersion ||
      static_cast<uint8_t>(bytes[1]) >= std::variant_size_v<market::Answer>) {
    return absl::DataLossError("stored answer: unknown version or kind");
  }
  market::Answer answer = MakeAnswer(static_cast<uint8_t>(bytes[1]));
  RecordReader reader(bytes.substr(2));
  std::visit([&](auto& a) { VisitAnswer(reader, a); }, answer);
  if (!reader.AtEnd()) return absl::DataLossError("stored answer: fields do not decode");
  return answer;
}

}  // namespace prooflode::engine
