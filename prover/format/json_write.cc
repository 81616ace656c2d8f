#include <nlohmann/json.hpp>

#include "prover/format/decimal.h"
#include "prover/format/json.h"
#include "prover/pairing/pairing.h"

namespace prooflode {
namespace {

using Json = nlohmann::ordered_json;

// JSON.stringify(value, null, 1).
std::string Dump(const Json& value) { return value.dump(1); }

std::string Decimal(const Fq& value) { return LimbsToDecimal(value.ToCanonical()); }

Json ToJson(const Fq2& value) { return Json::array({Decimal(value.c0), Decimal(value.c1)}); }
Json ToJson(const Fq6& value) { return Json::array({ToJson(value.c0), ToJson(value.c1), ToJson(value.c2)}); }
Json ToJson(const Fq12& value) { return Json::array({ToJson(value.c0), ToJson(value.c1)}); }
Json ToJson(const G1Affine& p) {
  if (p.IsInfinity()) return Json::array({"0", "1", "0"});
  return Json::array({Decimal(p.x), Decimal(p.y), "1"});
}
Json ToJson(const G2Affine& p) {
  if (p.IsInfinity()) return Json::array({ToJson(Fq2::Zero()), ToJson(Fq2::One()), ToJson(Fq2::Zero())});
  return Json::array({ToJson(p.x), ToJson(p.y), ToJson(Fq2::One())});
}

}  // namespace

std::string FrToDecimal(const Fr& value) { return LimbsToDecimal(value.ToCanonical()); }

std::string ProofToJson(const groth16::Proof& proof) {
  Json json;
  json["pi_a"] = ToJson(proof.a);
  json["pi_b"] = ToJson(proof.b);
  json["pi_c"] = ToJson(proof.c);
  json["protocol"] = "groth16";
  json["curve"] = "bn128";
  return Dump(json);
}

std::string PublicToJson(std::span<const Fr> inputs) {
  Json json = Json::array();
  for (const Fr& input : inputs) json.push_back(FrToDecimal(input));
  return Dump(json);
}

std::string VerifyingKeyToJson(const groth16::VerifyingKey& key) {
  Json json;
  json["protocol"] = "groth16";
  json["curve"] = "bn128";
  json["nPublic"] = key.ic.size() - 1;
  json["vk_alpha_1"] = ToJson(key.alpha);
  json["vk_beta_2"] = ToJson(key.beta);
  json["vk_gamma_2"] = ToJson(key.gamma);
  json["vk_delta_2"] = ToJson(key.delta);
  json["vk_alphabeta_12"] = ToJson(Pairing(key.alpha, key.beta));
  Json& ic = json["IC"] = Json::array();
  for (const G1Affine& p : key.ic) ic.push_back(ToJson(p));
  return Dump(json);
}

}  // namespace prooflode
