// Messages between a miner and its worker process over a socket pair (SOCK_SEQPACKET, so that a message is
// whole or absent), with open files attached. Both ends are the same program, so layouts agree; the miner
// nevertheless checks every message, since a worker reads strangers' files and may have been taken over.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/files.h"
#include "base/status.h"

namespace prooflode::miner {

struct ToWorker {
  enum Type : uint32_t { kProve = 1, kCancel = 2 };
  uint32_t type = 0;
  uint32_t allow_insecure_setup = 0;
  uint64_t job = 0;
  Digest circuit{};  // with kProve: the name under which the key is kept; zkey and witness are attached
};

struct FromWorker {
  enum Type : uint32_t { kReady = 1, kResult = 2 };
  static constexpr size_t kStages = 7;
  static constexpr size_t kMessageMax = 1024;
  uint32_t type = 0;
  int32_t code = 0;  // of absl::StatusCode
  uint64_t job = 0;
  uint32_t warm = 0;  // the key was in memory already
  uint32_t self_verify_failures = 0;
  std::array<uint8_t, 256> proof{};
  Digest public_inputs{};  // SHA-256 of their wire form
  double load_ms = 0;
  double prove_ms = 0;
  double verify_ms = 0;
  std::array<double, kStages> stages_ms{};  // in the order of groth16::StageTimes
  uint32_t message_bytes = 0;
  std::array<char, kMessageMax> message{};
};

constexpr size_t kAttachedFilesMax = 2;

// Sends one message with up to kAttachedFilesMax files. kUnavailable when the other end is gone.
Status SendMessage(int socket, ByteSpan message, const std::vector<int>& files);

// Waits for one message of exactly `out.size()` bytes; another size is kDataLoss. False at the end of the
// stream. Attached files are appended to `files`.
StatusOr<bool> ReceiveMessage(int socket, std::span<uint8_t> out, std::vector<UniqueFd>* files);

template <typename T>
ByteSpan MessageBytes(const T& message) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<const uint8_t*>(&message), sizeof(T)};
}
template <typename T>
std::span<uint8_t> MutableMessageBytes(T& message) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<uint8_t*>(&message), sizeof(T)};
}

}  // namespace prooflode::miner
