#include "coordinator/market/draw.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace prooflode::market {
namespace {

constexpr std::string_view kSeedDomain = "prooflode/v1/draw";
constexpr std::string_view kTicketDomain = "prooflode/v1/ticket";
constexpr std::string_view kAttemptDomain = "prooflode/v1/drawn-attempt";

std::string Tagged(std::string_view domain) {
  std::string bytes(domain);
  bytes.push_back('\0');
  return bytes;
}

void Append(std::string& bytes, ByteSpan more) { bytes.append(AsChars(more)); }

void Append(std::string& bytes, uint32_t value) {
  std::array<uint8_t, sizeof(value)> encoded;
  StoreLe(encoded.data(), value);
  Append(bytes, encoded);
}

std::string OfMiner(std::string_view domain, const Digest& seed, uint32_t number, const Identity& miner) {
  std::string bytes = Tagged(domain);
  Append(bytes, seed);
  Append(bytes, number);
  Append(bytes, miner);
  return bytes;
}

Digest BestTicket(const Digest& seed, uint32_t number, const DrawCandidate& candidate) {
  PL_CHECK(candidate.tickets > 0);
  const std::string common = OfMiner(kTicketDomain, seed, number, candidate.miner);
  Digest best;
  best.fill(0xff);
  for (uint32_t i = 0; i < candidate.tickets; ++i) {
    std::string bytes = common;
    Append(bytes, i);
    best = std::min(best, Sha256(AsBytes(bytes)));
  }
  return best;
}

}  // namespace

Digest DrawSeed(const JobId& job, const std::string& nonce, const Digest& previous_root) {
  std::string bytes = Tagged(kSeedDomain);
  Append(bytes, job.bytes);
  Append(bytes, static_cast<uint32_t>(nonce.size()));
  bytes += nonce;
  Append(bytes, previous_root);
  return Sha256(AsBytes(bytes));
}

uint32_t TicketsOf(uint32_t draws_lost, bool resident) {
  return (1 + std::min(draws_lost, kAgeingMax)) * (resident ? 2 : 1);
}

std::vector<DrawCandidate> DrawOrder(const Digest& seed, uint32_t number,
                                     std::vector<DrawCandidate> candidates) {
  std::vector<std::pair<Digest, DrawCandidate>> ranked;
  ranked.reserve(candidates.size());
  for (DrawCandidate& candidate : candidates) {
    const Digest best = BestTicket(seed, number, candidate);
    ranked.emplace_back(best, std::move(candidate));
  }
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second.miner) < std::pair(b.first, b.second.miner);
  });
  std::vector<DrawCandidate> order;
  order.reserve(ranked.size());
  for (auto& [best, candidate] : ranked) order.push_back(candidate);
  return order;
}

AttemptId DrawnAttemptId(const Digest& seed, uint32_t number, const Identity& miner) {
  const Digest digest = Sha256(AsBytes(OfMiner(kAttemptDomain, seed, number, miner)));
  AttemptId id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

}  // namespace prooflode::market
