#include "coordinator/log_http.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "transparency/leaf_json.h"

namespace prooflode::coordinator {
namespace {

using Numbers = std::map<std::string, uint64_t>;

constexpr uint64_t kLeavesMax = 1000;
constexpr uint64_t kLeavesUnlessAsked = 100;
constexpr size_t kBytesMax = size_t{1} << 20;

// "from=1&to=2" with the names of `wanted` (nullopt: must be there), each once at most, values in decimal.
StatusOr<Numbers> ParseQuery(std::string_view query,
                             const std::map<std::string, std::optional<uint64_t>>& wanted) {
  Numbers numbers;
  for (absl::string_view part : absl::StrSplit(Sv(query), '&', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> item = absl::StrSplit(part, absl::MaxSplits('=', 1));
    uint64_t value = 0;
    if (!wanted.contains(item.first) || numbers.contains(item.first) ||
        !absl::SimpleAtoi(item.second, &value) || value > INT64_MAX) {
      return absl::InvalidArgumentError(absl::StrCat("query: ", part, ", want NAME=NUMBER of this page"));
    }
    numbers[item.first] = value;
  }
  for (const auto& [name, fallback] : wanted) {
    if (numbers.contains(name)) continue;
    if (!fallback) return absl::InvalidArgumentError(absl::StrCat("query: no ", name, "=NUMBER"));
    numbers[name] = *fallback;
  }
  return numbers;
}

HttpResponse ProofPage(Numbers numbers, const std::vector<Digest>& nodes) {
  nlohmann::ordered_json page = numbers;
  page["nodes"] = nlohmann::ordered_json::array();
  for (const Digest& node : nodes) page["nodes"].push_back(HexEncode(node));
  return {.content_type = "application/json", .body = page.dump() + "\n"};
}

HttpResponse PageOf(const StatusOr<HttpResponse>& response) {
  if (response.ok()) return *response;
  int code = 500;
  if (absl::IsInvalidArgument(response.status())) code = 400;
  if (absl::IsNotFound(response.status()) || absl::IsOutOfRange(response.status())) code = 404;
  return {.code = code, .body = absl::StrCat(response.status().message(), "\n")};
}

}  // namespace

StatusOr<HttpResponse> LogPages::Checkpoint(std::string_view query) const {
  PL_ASSIGN_OR_RETURN(Numbers numbers, ParseQuery(query, {{"cosignatures", 0}}));
  PL_ASSIGN_OR_RETURN(std::string note, checkpoints_.Newest(numbers["cosignatures"]));
  return HttpResponse{.body = std::move(note)};
}

StatusOr<HttpResponse> LogPages::Consistency(std::string_view query) const {
  PL_ASSIGN_OR_RETURN(Numbers numbers, ParseQuery(query, {{"from", std::nullopt}, {"to", std::nullopt}}));
  PL_ASSIGN_OR_RETURN(const auto nodes, log_.ConsistencyProof(numbers["from"], numbers["to"]));
  return ProofPage(std::move(numbers), nodes);
}

StatusOr<HttpResponse> LogPages::Inclusion(std::string_view query) const {
  PL_ASSIGN_OR_RETURN(Numbers numbers, ParseQuery(query, {{"index", std::nullopt}, {"size", std::nullopt}}));
  PL_ASSIGN_OR_RETURN(const auto nodes, log_.InclusionProof(numbers["index"], numbers["size"]));
  return ProofPage(std::move(numbers), nodes);
}

StatusOr<HttpResponse> LogPages::Leaves(std::string_view query) const {
  PL_ASSIGN_OR_RETURN(Numbers numbers,
                      ParseQuery(query, {{"from", std::nullopt}, {"count", kLeavesUnlessAsked}}));
  const uint64_t size = log_.size();
  const size_t count = std::min(numbers["count"], kLeavesMax);
  PL_ASSIGN_OR_RETURN(const auto leaves, store_.ReadLeaves(numbers["from"], count));
  HttpResponse page{.content_type = "application/x-ndjson"};
  for (const transparency::Leaf& leaf : leaves) {
    if (leaf.index >= size || page.body.size() > kBytesMax) break;
    PL_ASSIGN_OR_RETURN(const std::string line, transparency::LeafJsonLine(leaf));
    absl::StrAppend(&page.body, line, "\n");
  }
  return page;
}

std::map<std::string, HttpEndpoint::QueryHandler> LogPages::Handlers() const {
  return {{"/log/checkpoint", [this](std::string_view query) { return PageOf(Checkpoint(query)); }},
          {"/log/consistency", [this](std::string_view query) { return PageOf(Consistency(query)); }},
          {"/log/inclusion", [this](std::string_view query) { return PageOf(Inclusion(query)); }},
          {"/log/leaves", [this](std::string_view query) { return PageOf(Leaves(query)); }}};
}

}  // namespace prooflode::coordinator
