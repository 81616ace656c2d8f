#include "prover/format/json.h"

#include <array>
#include <functional>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "prover/format/decimal.h"
#include "prover/format/json_cursor.h"
#include "prover/groth16/verify.h"

namespace prooflode {
namespace {

constexpr int kDepthMax = 4;
// Of the outermost object, known or not: what has been seen is remembered.
constexpr size_t kMembersMax = 256;

// A member of the outermost object. `read` consumes the value.
struct Member {
  std::string_view name;
  bool required;
  std::function<Status()> read;
};

Status CheckSize(std::string_view text, uint64_t size_max, std::string_view name) {
  if (text.size() <= size_max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(Sv(name), ": ", text.size(), " bytes, wanted at most ", size_max));
}

Status ReadMembers(JsonCursor& json, std::span<const Member> members) {
  std::set<std::string, std::less<>> seen;
  PL_RETURN_IF_ERROR(json.Object([&](std::string_view key) -> Status {
    if (!seen.emplace(key).second) return json.Error("this member comes twice");
    if (seen.size() > kMembersMax) {
      return json.Error(absl::StrCat("wanted at most ", kMembersMax, " members, found more"));
    }
    for (const Member& member : members) {
      if (member.name == key) return member.read();
    }
    return json.Skip();
  }));
  PL_RETURN_IF_ERROR(json.End());
  for (const Member& member : members) {
    if (member.required && !seen.contains(member.name)) {
      return json.Error(absl::StrCat("member \"", Sv(member.name), "\" is missing"));
    }
  }
  return absl::OkStatus();
}

Status ReadExactly(JsonCursor& json, std::string_view wanted) {
  PL_ASSIGN_OR_RETURN(const std::string_view value, json.PlainString());
  if (value == wanted) return absl::OkStatus();
  return json.Error(absl::StrCat("wanted \"", Sv(wanted), "\", found ", JsonCursor::Quote(value)));
}

// An array of exactly `count` elements.
Status ReadArray(JsonCursor& json, size_t count, absl::FunctionRef<Status(size_t index)> element) {
  size_t found = 0;
  PL_RETURN_IF_ERROR(json.Array([&](size_t index) -> Status {
    if (index >= count) return json.Error(absl::StrCat("wanted ", count, " elements, found more"));
    ++found;
    return element(index);
  }));
  if (found < count) return json.Error(absl::StrCat("wanted ", count, " elements, found ", found));
  return absl::OkStatus();
}

template <typename F>
Status ReadField(JsonCursor& json, F& out) {
  PL_ASSIGN_OR_RETURN(const std::string_view text, json.PlainString());
  const std::optional<Limbs> value = LimbsFromDecimal(text);
  if (!value) {
    return json.Error(absl::StrCat("wanted a decimal number of at most ", kDecimalDigitsMax,
                                   " digits without sign or leading zero, found ", JsonCursor::Quote(text)));
  }
  const std::optional<F> element = F::FromCanonical(*value);
  if (!element) {
    return json.Error(absl::StrCat(Sv(text), " is not below the modulus ", LimbsToDecimal(F::kModulus)));
  }
  out = *element;
  return absl::OkStatus();
}

Status ReadFq2(JsonCursor& json, Fq2& out) {
  return ReadArray(json, 2, [&](size_t i) { return ReadField(json, i == 0 ? out.c0 : out.c1); });
}

// Projective with Z = 1; infinity has Z = 0 in these files and is refused here.
Status ReadG1(JsonCursor& json, G1Affine& out) {
  return ReadArray(json, 3, [&](size_t i) -> Status {
    if (i == 2) return ReadExactly(json, "1");
    return ReadField(json, i == 0 ? out.x : out.y);
  });
}

Status ReadG2(JsonCursor& json, G2Affine& out) {
  return ReadArray(json, 3, [&](size_t i) -> Status {
    if (i == 2) return ReadArray(json, 2, [&](size_t j) { return ReadExactly(json, j == 0 ? "1" : "0"); });
    return ReadFq2(json, i == 0 ? out.x : out.y);
  });
}

Status TooManyInputs(const JsonCursor& json) {
  return json.Error(absl::StrCat("wanted at most ", groth16::kPublicInputsMax, " public inputs, found more"));
}

Status ReadFq12(JsonCursor& json) {
  Fq2 ignored;
  return ReadArray(
      json, 2, [&](size_t) { return ReadArray(json, 3, [&](size_t) { return ReadFq2(json, ignored); }); });
}

}  // namespace

StatusOr<groth16::Proof> ParseProofJson(std::string_view text, std::string_view name) {
  PL_RETURN_IF_ERROR(CheckSize(text, kProofJsonBytesMax, name));
  JsonCursor json(text, name, kDepthMax);
  groth16::Proof proof;
  const std::array<Member, 5> members = {{
      {"pi_a", true, [&] { return ReadG1(json, proof.a); }},
      {"pi_b", true, [&] { return ReadG2(json, proof.b); }},
      {"pi_c", true, [&] { return ReadG1(json, proof.c); }},
      {"protocol", true, [&] { return ReadExactly(json, "groth16"); }},
      {"curve", false, [&] { return ReadExactly(json, "bn128"); }},
  }};
  PL_RETURN_IF_ERROR(ReadMembers(json, members));
  PL_RETURN_IF_ERROR(Annotate(CheckProof(proof), name));
  return proof;
}

StatusOr<groth16::VerifyingKey> ParseVerifyingKeyJson(std::string_view text, std::string_view name,
                                                      bool allow_insecure_setup) {
  PL_RETURN_IF_ERROR(CheckSize(text, kVerifyingKeyJsonBytesMax, name));
  JsonCursor json(text, name, kDepthMax);
  groth16::VerifyingKey key;
  uint32_t public_count = 0;
  const auto read_count = [&]() -> Status {
    PL_ASSIGN_OR_RETURN(public_count, json.SmallInteger());
    return absl::OkStatus();
  };
  const auto read_ic = [&] {
    return json.Array([&](size_t index) -> Status {
      if (index > groth16::kPublicInputsMax) return TooManyInputs(json);
      return ReadG1(json, key.ic.emplace_back());
    });
  };
  const std::array<Member, 9> members = {{
      {"protocol", true, [&] { return ReadExactly(json, "groth16"); }},
      {"curve", true, [&] { return ReadExactly(json, "bn128"); }},
      {"nPublic", true, read_count},
      {"vk_alpha_1", true, [&] { return ReadG1(json, key.alpha); }},
      {"vk_beta_2", true, [&] { return ReadG2(json, key.beta); }},
      {"vk_gamma_2", true, [&] { return ReadG2(json, key.gamma); }},
      {"vk_delta_2", true, [&] { return ReadG2(json, key.delta); }},
      {"vk_alphabeta_12", false, [&] { return ReadFq12(json); }},
      {"IC", true, read_ic},
  }};
  PL_RETURN_IF_ERROR(ReadMembers(json, members));
  if (key.ic.size() != size_t{public_count} + 1) {
    return json.Error(absl::StrCat("nPublic is ", public_count, " and IC has ", key.ic.size(),
                                   " points, wanted ", size_t{public_count} + 1));
  }
  PL_RETURN_IF_ERROR(Annotate(CheckVerifyingKey(key, allow_insecure_setup), name));
  return key;
}

StatusOr<std::vector<Fr>> ParsePublicJson(std::string_view text, std::string_view name) {
  PL_RETURN_IF_ERROR(CheckSize(text, kPublicJsonBytesMax, name));
  JsonCursor json(text, name, kDepthMax);
  std::vector<Fr> inputs;
  PL_RETURN_IF_ERROR(json.Array([&](size_t index) -> Status {
    if (index >= groth16::kPublicInputsMax) return TooManyInputs(json);
    return ReadField(json, inputs.emplace_back());
  }));
  PL_RETURN_IF_ERROR(json.End());
  return inputs;
}

}  // namespace prooflode
