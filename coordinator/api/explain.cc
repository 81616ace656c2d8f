#include "coordinator/api/explain.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "base/bytes.h"
#include "base/crypto.h"
#include "transparency/leaf_json.h"

namespace prooflode::api {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kLeavesMax = 50'000;
constexpr size_t kLeavesAtATime = 512;
constexpr int kStepsMax = 500;
constexpr size_t kBytesMax = 1 << 20;  // a draw has up to thousands of candidates

std::string FromHex(const Json& text) { return HexDecode(text.get<std::string>()).value_or(""); }

// Those records of a leaf's outcome that speak of the job. The coordinator's own log: its names and kinds are
// as transparency/leaf_json.cc writes them.
void AddRecords(const Json& fields, const std::string& job, v1::JobStep* step) {
  for (const Json& record : fields.value("jobs", Json::array())) {
    if (record.at("job_id") == job) step->set_job_state(record.at("state").get<v1::JobState>());
  }
  for (const Json& record : fields.value("attempts", Json::array())) {
    if (record.at("job_id") != job) continue;
    v1::JobStep::AttemptChange* const change = step->add_attempts();
    change->set_attempt_id(FromHex(record.at("attempt_id")));
    change->set_miner(FromHex(record.at("miner")));
    change->set_state(record.at("state").get<v1::AttemptState>());
    change->set_reason(record.at("reason").get<v1::Reason>());
  }
  for (const Json& record : fields.value("transfers", Json::array())) {
    if (record.at("job_id") != job) continue;
    v1::JobStep::Payment* const payment = step->add_payments();
    payment->set_kind(record.at("kind").get<v1::TransferKind>());
    payment->set_amount_units(record.at("amount_units").get<uint64_t>());
    payment->set_debit_account(record.at("debit").get<std::string>());
    payment->set_credit_account(record.at("credit").get<std::string>());
  }
}

void AddDraws(const Json& fields, const std::string& job, v1::JobStep* step) {
  for (const Json& record : fields.value("draws", Json::array())) {
    if (record.at("job_id") != job) continue;
    v1::JobStep::Draw* const draw = step->add_draws();
    draw->set_number(record.at("number").get<uint32_t>());
    draw->set_places(record.at("places").get<uint32_t>());
    for (const Json& candidate : record.at("candidates")) {
      auto* const out = draw->add_candidates();
      out->set_miner(FromHex(candidate.at("miner")));
      out->set_tickets(candidate.at("tickets").get<uint32_t>());
      out->set_admitted(candidate.at("admitted").get<bool>());
    }
  }
}

}  // namespace

Status AddStep(const transparency::Leaf& leaf, const market::JobId& job, v1::ExplainJobResponse* response) {
  // Every record of the job, its attempts and its money has the id, the last in hexadecimal; most leaves are
  // somebody else's.
  const std::string hex = HexEncode(job.bytes);
  if (leaf.bytes.find(AsChars(job.bytes)) == std::string::npos && leaf.bytes.find(hex) == std::string::npos) {
    return absl::OkStatus();
  }
  PL_ASSIGN_OR_RETURN(const std::string line, transparency::LeafJsonLine(leaf));
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::DataLossError(absl::StrCat("leaf ", leaf.index, ": no JSON"));
  v1::JobStep* const step = response->add_steps();
  step->set_leaf_index(leaf.index);
  step->set_time_us(json.at("time_us").get<int64_t>());
  step->set_command(json.at("type").get<std::string>());
  const Json& fields = json.at("fields");
  if (fields.contains("valid")) step->set_valid(fields.at("valid").get<bool>());
  const bool asks = step->command() == "admit";
  if (asks || step->command() == "withdraw-candidacy") step->set_miner(FromHex(fields.at("identity")));
  if (asks) step->set_predicted_us(fields.value("predicted_us", int64_t{0}));
  AddDraws(fields, hex, step);
  AddRecords(fields, hex, step);
  return absl::OkStatus();
}

StatusOr<uint64_t> FirstLeafAt(const engine::Store& store, Micros time, uint64_t leaf_count) {
  uint64_t low = 0;
  uint64_t high = leaf_count;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    PL_ASSIGN_OR_RETURN(const auto leaves, store.ReadLeaves(middle, 1));
    if (leaves.size() != 1) return absl::DataLossError(absl::StrCat("leaf ", middle, ": not in the store"));
    PL_ASSIGN_OR_RETURN(const transparency::LeafContent content,
                        transparency::DecodeLeaf(AsBytes(leaves[0].bytes)));
    if (content.time < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Status AddSteps(const engine::Store& store, const market::JobId& job, uint64_t from, uint64_t last,
                v1::ExplainJobResponse* response) {
  uint64_t next = from;
  size_t bytes = 0;
  while (next <= last) {
    const size_t count = static_cast<size_t>(std::min<uint64_t>(last - next + 1, kLeavesAtATime));
    PL_ASSIGN_OR_RETURN(const auto leaves, store.ReadLeaves(next, count));
    if (leaves.empty()) return absl::OkStatus();
    for (const transparency::Leaf& leaf : leaves) {
      if (next - from >= kLeavesMax || response->steps_size() >= kStepsMax || bytes >= kBytesMax) {
        response->set_next_leaf_index(next);
        return absl::OkStatus();
      }
      const int steps = response->steps_size();
      PL_RETURN_IF_ERROR(AddStep(leaf, job, response));
      if (response->steps_size() > steps) bytes += response->steps(steps).ByteSizeLong();
      ++next;
    }
  }
  return absl::OkStatus();
}

}  // namespace prooflode::api
