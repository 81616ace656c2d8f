// The bytes of single values, as they stand in leaves and in stored answers: integers little-endian at their
// full width, enums as their integer, booleans one byte, ids and digests raw, strings raw. Exact: decoding
// accepts only what encoding gives.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "base/units.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/market/commands.h"

namespace prooflode::engine {

// Whether an integer read from storage is a member of the enumeration.
constexpr bool IsMember(market::ProofSystem v) { return v == market::ProofSystem::kGroth16Bn254; }
constexpr bool IsMember(market::JobState v) {
  return v >= market::JobState::kOpen && v <= market::JobState::kSuspended;
}
constexpr bool IsMember(market::AttemptState v) {
  return v >= market::AttemptState::kAdmitted && v <= market::AttemptState::kJobEnded;
}
constexpr bool IsMember(market::Reason v) {
  return v <= market::Reason::kTooSlow ||
         (v >= market::Reason::kRewardTooLow && v <= market::Reason::kVersion);
}
constexpr bool IsMember(market::Residency v) { return v <= market::Residency::kMemory; }
constexpr bool IsMember(market::RefusalCode v) { return v <= market::RefusalCode::kResourceExhausted; }
constexpr bool IsMember(ledger::TransferKind v) {
  return v >= ledger::TransferKind::kDeposit && v <= ledger::TransferKind::kWithdrawalReturn;
}
constexpr bool IsMember(market::WithdrawalState v) {
  return v >= market::WithdrawalState::kRequested && v <= market::WithdrawalState::kCancelled;
}
constexpr bool IsMember(Micros) { return true; }
constexpr bool IsMember(Amount) { return true; }

template <typename T>
requires std::is_integral_v<T> std::string FieldBytes(T value) {
  std::string out(sizeof(T), '\0');
  StoreLe(reinterpret_cast<uint8_t*>(out.data()), value);
  return out;
}
inline std::string FieldBytes(bool value) { return std::string(1, value ? '\1' : '\0'); }
template <typename T>
requires std::is_enum_v<T> std::string FieldBytes(T value) {
  return FieldBytes(static_cast<std::underlying_type_t<T>>(value));
}
inline std::string FieldBytes(const std::string& value) { return value; }
template <size_t N>
std::string FieldBytes(const std::array<uint8_t, N>& value) {
  return std::string(value.begin(), value.end());
}
template <typename Tag>
std::string FieldBytes(const market::Id<Tag>& value) {
  return FieldBytes(value.bytes);
}

// False, and `value` unspecified, unless `bytes` is exactly what FieldBytes gives for some value.
template <typename T>
requires std::is_integral_v<T>
bool FromFieldBytes(std::string_view bytes, T& value) {
  if (bytes.size() != sizeof(T)) return false;
  value = LoadLe<T>(AsBytes(bytes).data());
  return true;
}
inline bool FromFieldBytes(std::string_view bytes, bool& value) {
  if (bytes.size() != 1 || static_cast<uint8_t>(bytes[0]) > 1) return false;
  value = bytes[0] != 0;
  return true;
}
template <typename T>
requires std::is_enum_v<T>
bool FromFieldBytes(std::string_view bytes, T& value) {
  std::underlying_type_t<T> raw{};
  if (!FromFieldBytes(bytes, raw)) return false;
  value = static_cast<T>(raw);
  return IsMember(value);
}
inline bool FromFieldBytes(std::string_view bytes, std::string& value) {
  value = bytes;
  return true;
}
template <size_t N>
bool FromFieldBytes(std::string_view bytes, std::array<uint8_t, N>& value) {
  if (bytes.size() != N) return false;
  std::memcpy(value.data(), bytes.data(), N);
  return true;
}
template <typename Tag>
bool FromFieldBytes(std::string_view bytes, market::Id<Tag>& value) {
  return FromFieldBytes(bytes, value.bytes);
}

}  // namespace prooflode::engine
