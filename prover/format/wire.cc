#include <array>

#include "absl/strings/str_cat.h"
#include "prover/format/json.h"
#include "prover/groth16/verify.h"

namespace prooflode {
namespace {

constexpr size_t kFieldBytes = 32;

// The eight coordinates in wire order.
template <typename ProofType>
auto Coordinates(ProofType& proof) {
  return std::array{&proof.a.x,    &proof.a.y,    &proof.b.x.c1, &proof.b.x.c0,
                    &proof.b.y.c1, &proof.b.y.c0, &proof.c.x,    &proof.c.y};
}
constexpr std::array<const char*, 8> kCoordinateNames = {
    "A.x", "A.y", "B.x imaginary", "B.x real", "B.y imaginary", "B.y real", "C.x", "C.y"};

}  // namespace

groth16::ProofBytes EncodeProof(const groth16::Proof& proof) {
  groth16::ProofBytes bytes;
  std::span<uint8_t> rest(bytes);
  for (const Fq* coordinate : Coordinates(proof)) {
    coordinate->ToBigEndian(rest.first<kFieldBytes>());
    rest = rest.subspan(kFieldBytes);
  }
  return bytes;
}

StatusOr<groth16::Proof> DecodeProof(ByteSpan bytes) {
  if (bytes.size() != sizeof(groth16::ProofBytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("proof: ", bytes.size(), " bytes, wanted ", sizeof(groth16::ProofBytes)));
  }
  groth16::Proof proof;
  const auto coordinates = Coordinates(proof);
  for (size_t i = 0; i < coordinates.size(); ++i) {
    const auto encoded = bytes.subspan(i * kFieldBytes).first<kFieldBytes>();
    const std::optional<Fq> value = Fq::FromBigEndian(encoded);
    if (!value) {
      return absl::InvalidArgumentError(
          absl::StrCat("proof: ", kCoordinateNames[i], " is not below q: 0x", HexEncode(encoded)));
    }
    *coordinates[i] = *value;
  }
  PL_RETURN_IF_ERROR(groth16::CheckProof(proof));
  return proof;
}

std::string EncodePublicInputs(std::span<const Fr> inputs) {
  std::string bytes(inputs.size() * kFieldBytes, '\0');
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::array<uint8_t, kFieldBytes> encoded;
    inputs[i].ToBigEndian(encoded);
    bytes.replace(i * kFieldBytes, kFieldBytes, AsChars(encoded));
  }
  return bytes;
}

StatusOr<std::vector<Fr>> DecodePublicInputs(ByteSpan bytes) {
  if (bytes.size() % kFieldBytes != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("public inputs: ", bytes.size(), " bytes, wanted a multiple of ", kFieldBytes));
  }
  std::vector<Fr> inputs;
  inputs.reserve(bytes.size() / kFieldBytes);
  for (size_t at = 0; at < bytes.size(); at += kFieldBytes) {
    const auto encoded = bytes.subspan(at).first<kFieldBytes>();
    const std::optional<Fr> value = Fr::FromBigEndian(encoded);
    if (!value) {
      return absl::InvalidArgumentError(
          absl::StrCat("public inputs: input ", at / kFieldBytes, " is not below r: 0x", HexEncode(encoded)));
    }
    inputs.push_back(*value);
  }
  return inputs;
}

}  // namespace prooflode
