// Between the market's values and the wire. Bytes coming in have been validated (validate.h): wrong lengths
// here are our own bug.
#pragma once

#include <optional>
#include <string>

#include "base/check.h"
#include "coordinator/engine/engine.h"
#include "coordinator/market/market.h"
#include "prooflode/v1/account_service.pb.h"
#include "prooflode/v1/market_service.pb.h"
#include "prooflode/v1/miner_service.pb.h"

namespace prooflode::api {

template <size_t n>
std::array<uint8_t, n> ArrayOf(const std::string& bytes) {
  PL_CHECK(bytes.size() == n);
  std::array<uint8_t, n> out;
  std::memcpy(out.data(), bytes.data(), n);
  return out;
}
inline Digest DigestOf(const std::string& bytes) { return ArrayOf<32>(bytes); }
inline market::Identity IdentityOf(const std::string& bytes) { return ArrayOf<32>(bytes); }
template <typename IdType>
IdType IdOf(const std::string& bytes) {
  return IdType{ArrayOf<16>(bytes)};
}
template <size_t n>
std::string StringOf(const std::array<uint8_t, n>& bytes) {
  return std::string(AsChars(bytes));
}

market::Policy PolicyOf(const v1::Policy& policy, const market::Rules& rules);
market::Reason ReasonOf(v1::Reason reason);

void ToProto(const market::Circuit& circuit, bool with_verification_key, v1::Circuit* out);
// `circuit`: the job's; nullptr leaves out what is known of it.
void ToProto(const market::Job& job, const market::Circuit* circuit, v1::Job* out);
void ToProto(const market::Attempt& attempt, v1::Attempt* out);
void ToProto(const ledger::Transfer& transfer, v1::Transfer* out);
// Signs with the coordinator's key.
void ToProto(const engine::CommitReceiptData& data, const SigningKey& key, const std::string& market,
             v1::Receipt* out);

}  // namespace prooflode::api
