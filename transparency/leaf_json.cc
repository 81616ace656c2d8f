#include "transparency/leaf_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "transparency/leaf_records.h"
#include "transparency/note.h"

namespace prooflode::transparency {
namespace {

using Json = nlohmann::ordered_json;

enum class Kind { kHex, kText, kFlag, kU8, kU32, kU64, kI64, kJobs, kAttempts, kTransfers, kDraws };

struct FieldName {
  uint16_t number;
  std::string_view name;
  Kind kind;
};

// In rising order of number. docs/formats/log.md has the same table for readers.
constexpr FieldName kFields[] = {
    {1, "identity", Kind::kHex},
    {2, "request_id", Kind::kHex},
    {3, "entropy", Kind::kHex},
    {10, "circuit_id", Kind::kHex},
    {11, "name", Kind::kText},
    {12, "proof_system", Kind::kU8},
    {13, "zkey_digest", Kind::kHex},
    {14, "zkey_bytes", Kind::kU64},
    {15, "r1cs_digest", Kind::kHex},
    {16, "r1cs_bytes", Kind::kU64},
    {17, "domain_size", Kind::kU64},
    {18, "variable_count", Kind::kU64},
    {19, "public_input_count", Kind::kU32},
    {20, "insecure_setup", Kind::kFlag},
    {21, "verification_key_json", Kind::kText},
    {22, "registered_at_us", Kind::kI64},
    {23, "verifying_key_digest", Kind::kHex},
    {24, "security_bits", Kind::kU32},
    {25, "setup_contributions", Kind::kU32},
    {26, "work_units", Kind::kU64},
    {27, "mirrors", Kind::kText},
    {30, "job_id", Kind::kHex},
    {31, "witness_digest", Kind::kHex},
    {32, "witness_bytes", Kind::kU64},
    {33, "public_inputs", Kind::kHex},
    {34, "statement", Kind::kHex},
    {35, "reward_units", Kind::kU64},
    {36, "time_limit_us", Kind::kI64},
    {37, "race_width", Kind::kU32},
    {38, "lease_us", Kind::kI64},
    {39, "again", Kind::kFlag},
    {40, "draw_nonce", Kind::kHex},
    {41, "previous_root", Kind::kHex},
    {42, "hedged", Kind::kFlag},
    {43, "predicted_us", Kind::kI64},
    {44, "residency", Kind::kU8},
    {45, "slots", Kind::kU32},
    {50, "attempt_id", Kind::kHex},
    {51, "fence", Kind::kU64},
    {52, "commit_hash", Kind::kHex},
    {53, "signature", Kind::kHex},
    {54, "proof_hash", Kind::kHex},
    {55, "nonce", Kind::kHex},
    {56, "reason", Kind::kU8},
    {57, "valid", Kind::kFlag},
    {58, "opened_hash", Kind::kHex},
    {59, "verifier_version", Kind::kU32},
    {60, "withdrawal_id", Kind::kU64},
    {70, "owner", Kind::kHex},
    {71, "amount_units", Kind::kU64},
    {72, "external_reference", Kind::kText},
    {73, "note", Kind::kText},
    {74, "active", Kind::kFlag},
    {80, "no_expiry_before_us", Kind::kI64},
    {81, "market", Kind::kText},
    {82, "reveal_window_us", Kind::kI64},
    {83, "lease_default_us", Kind::kI64},
    {84, "time_limit_min_us", Kind::kI64},
    {85, "time_limit_max_us", Kind::kI64},
    {86, "open_jobs_per_requester_max", Kind::kU32},
    {87, "live_attempts_per_miner_max", Kind::kU32},
    {88, "admissions_per_miner_and_job_max", Kind::kU32},
    {89, "fee_per_million", Kind::kU32},
    {90, "race_place_us", Kind::kI64},
    {91, "draw_window_us", Kind::kI64},
    {92, "race_width_default", Kind::kU32},
    {93, "late_percent", Kind::kU32},
    {94, "silence_limit_us", Kind::kI64},
    {95, "key", Kind::kHex},
    {96, "retired_key", Kind::kHex},
    {97, "retired_signature", Kind::kHex},
    {98, "key_signature", Kind::kHex},
    {99, "handover_tree_size", Kind::kU64},
    {kJobRecordsField, "jobs", Kind::kJobs},
    {kAttemptRecordsField, "attempts", Kind::kAttempts},
    {kTransferRecordsField, "transfers", Kind::kTransfers},
    {kDrawRecordsField, "draws", Kind::kDraws},
    {110, "collateral_per_million", Kind::kU32},
    {111, "release_grace_us", Kind::kI64},
    {112, "release_fee_per_million", Kind::kU32},
    {113, "unprovable_reports", Kind::kU32},
    {114, "check_fee_per_million", Kind::kU32},
    {115, "proof_retention_us", Kind::kI64},
    {116, "proofs_kept_from_us", Kind::kI64},
};

const FieldName* FindField(uint16_t number) {
  const auto* const found = std::find_if(std::begin(kFields), std::end(kFields),
                                         [number](const FieldName& field) { return field.number == number; });
  return found == std::end(kFields) ? nullptr : found;
}

Json ToJson(const JobRecord& record) {
  Json json;
  json["job_id"] = HexEncode(AsBytes(record.job));
  json["state"] = record.state;
  json["deadline_at_us"] = Count(record.deadline);
  json["delivered_attempt_id"] = HexEncode(AsBytes(record.delivered_attempt));
  json["winning_attempt_id"] = HexEncode(AsBytes(record.winning_attempt));
  return json;
}

Json ToJson(const AttemptRecord& record) {
  Json json;
  json["attempt_id"] = HexEncode(AsBytes(record.attempt));
  json["job_id"] = HexEncode(AsBytes(record.job));
  json["miner"] = HexEncode(AsBytes(record.miner));
  json["state"] = record.state;
  json["reason"] = record.reason;
  json["fence"] = record.fence;
  json["reveal_by_us"] = Count(record.reveal_by);
  return json;
}

Json ToJson(const TransferRecord& record) {
  Json json;
  json["transfer_id"] = record.id;
  json["kind"] = record.kind;
  json["amount_units"] = record.amount;
  json["debit"] = record.debit;
  json["credit"] = record.credit;
  json["job_id"] = record.job;
  return json;
}

Json ToJson(const DrawRecord& record) {
  Json json;
  json["job_id"] = HexEncode(AsBytes(record.job));
  json["number"] = record.number;
  json["places"] = record.places;
  json["candidates"] = Json::array();
  for (const DrawRecord::Candidate& candidate : record.candidates) {
    json["candidates"].push_back({{"miner", HexEncode(AsBytes(candidate.miner))},
                                  {"tickets", candidate.tickets},
                                  {"admitted", candidate.admitted}});
  }
  return json;
}

template <typename Record>
std::optional<Json> Records(const StatusOr<std::vector<Record>>& records) {
  if (!records.ok()) return std::nullopt;
  Json list = Json::array();
  for (const Record& record : *records) list.push_back(ToJson(record));
  return list;
}

template <typename T>
std::optional<Json> Integer(std::string_view bytes) {
  if (bytes.size() != sizeof(T)) return std::nullopt;
  return Json(LoadLe<T>(AsBytes(bytes).data()));
}

std::optional<Json> ValueOf(Kind kind, const std::string& bytes) {
  switch (kind) {
    case Kind::kHex:
      return Json(HexEncode(AsBytes(bytes)));
    case Kind::kText:
      return Json(bytes);
    case Kind::kFlag:
      if (bytes.size() != 1 || static_cast<uint8_t>(bytes[0]) > 1) return std::nullopt;
      return Json(bytes[0] == 1);
    case Kind::kU8:
      return Integer<uint8_t>(bytes);
    case Kind::kU32:
      return Integer<uint32_t>(bytes);
    case Kind::kU64:
      return Integer<uint64_t>(bytes);
    case Kind::kI64:
      return Integer<int64_t>(bytes);
    case Kind::kJobs:
      return Records(DecodeJobRecords(bytes));
    case Kind::kAttempts:
      return Records(DecodeAttemptRecords(bytes));
    case Kind::kTransfers:
      return Records(DecodeTransferRecords(bytes));
    case Kind::kDraws:
      return Records(DecodeDrawRecords(bytes));
  }
  return std::nullopt;
}

}  // namespace

std::string_view LeafTypeName(LeafType type) {
  constexpr std::string_view kNames[] = {"register-circuit",
                                         "post-job",
                                         "cancel-job",
                                         "admit",
                                         "commit",
                                         "reveal",
                                         "release",
                                         "verdict",
                                         "deposit",
                                         "withdraw",
                                         "tick",
                                         "restart",
                                         "pay-withdrawal",
                                         "reject-withdrawal",
                                         "cancel-withdrawal",
                                         "suspension",
                                         "withdraw-candidacy",
                                         "holder-silent"};
  static_assert(std::size(kNames) == static_cast<size_t>(kLeafTypeMax));
  const auto index = static_cast<size_t>(type);
  return index >= 1 && index <= std::size(kNames) ? kNames[index - 1] : "unknown";
}

bool IsLeafField(uint16_t number) { return FindField(number) != nullptr; }

StatusOr<std::string> LeafJsonLine(const Leaf& leaf) {
  const StatusOr<LeafContent> content = DecodeLeaf(AsBytes(leaf.bytes));
  const std::string where = absl::StrCat("leaf ", leaf.index);
  if (!content.ok()) return absl::DataLossError(absl::StrCat(where, ": ", content.status().message()));
  Json line;
  line["leaf_index"] = leaf.index;
  line["time_us"] = Count(content->time);
  line["type"] = LeafTypeName(content->type);
  line["fields"] = Json::object();
  for (const auto& [number, bytes] : content->fields) {
    const FieldName* const field = FindField(number);
    if (field == nullptr) return absl::DataLossError(absl::StrCat(where, ": unknown field ", number));
    std::optional<Json> value = ValueOf(field->kind, bytes);
    if (!value) {
      return absl::DataLossError(absl::StrCat(where, ": field ", number, " (", Sv(field->name), ") of ",
                                              bytes.size(), " bytes is not of its kind"));
    }
    line["fields"][std::string(field->name)] = *std::move(value);
  }
  line["leaf"] = Base64Encode(AsBytes(leaf.bytes));
  line["leaf_hash"] = HexEncode(LeafHash(AsBytes(leaf.bytes)));
  if (leaf.proof) line["proof"] = HexEncode(AsBytes(*leaf.proof));
  // Names and references are checked to be printable ASCII where they enter; replace, should bytes be damaged
  // all the same.
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace prooflode::transparency
