// Malformed and forged files, each one change away from a set that verifies: every one must be refused, and
// every legal variant accepted. A case fails when the judgement of the three files together is not the
// expected one.
#include <gmock/gmock.h>
#include <gmpxx.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/sim/sim_env.h"
#include "prover/format/json.h"
#include "prover/format/json_fixture.h"
#include "prover/groth16/trapdoor_key.h"
#include "prover/groth16/verify.h"

namespace prooflode {
namespace {

using nlohmann::json;

const mpz_class kQ("21888242871839275222246405745257275088696311157297823662689037894645226208583");
const mpz_class kR("21888242871839275222246405745257275088548364400416034343698204186575808495617");

std::string Plus(const json& decimal, const mpz_class& amount) {
  return mpz_class(mpz_class(decimal.get<std::string>()) + amount).get_str();
}

// What a requester would do with three files from strangers.
Status Judge(const JsonFixture& files) {
  PL_ASSIGN_OR_RETURN(const groth16::VerifyingKey key, ParseVerifyingKeyJson(files.key, "vkey.json"));
  PL_ASSIGN_OR_RETURN(const std::vector<Fr> inputs, ParsePublicJson(files.inputs, "public.json"));
  PL_ASSIGN_OR_RETURN(const groth16::Proof proof, ParseProofJson(files.proof, "proof.json"));
  if (!groth16::Verifier(key).Verify(inputs, proof)) return absl::UnauthenticatedError("proof invalid");
  return absl::OkStatus();
}

// An error that says which file, and is one line.
void ExpectRefused(const JsonFixture& files, const std::string& what) {
  const Status status = Judge(files);
  EXPECT_FALSE(status.ok()) << what;
  if (status.code() == absl::StatusCode::kInvalidArgument) {
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(".json: ")) << what;
    EXPECT_EQ(status.message().find('\n'), absl::string_view::npos) << what;
    EXPECT_LT(status.message().size(), 700u) << what;
  }
}

struct Change {
  std::string name;
  std::function<void(json&)> apply;
};

TEST(JsonRefusalTest, TheFixtureItselfIsAccepted) { EXPECT_TRUE(Judge(JsonFixture()).ok()); }

TEST(JsonRefusalTest, PublicInputs) {
  const JsonFixture good;
  const json value = json::parse(good.inputs)[0];
  const std::string x = value;
  std::vector<std::string> texts = {"[\"" + Plus(value, kR) + "\"]",
                                    "[\"" + Plus(value, -kR) + "\"]",
                                    "[\"" + Plus(value, 5 * kR) + "\"]",
                                    "[\"" + Plus(value, 1) + "\"]",
                                    "[\"0\"]",
                                    "[\"" + kR.get_str() + "\"]",
                                    "[\"-" + x + "\"]",
                                    "[\"+" + x + "\"]",
                                    "[\"0" + x + "\"]",
                                    "[\" " + x + "\"]",
                                    "[\"" + x + " \"]",
                                    "[\"" + x + "\\n\"]",
                                    "[\"0x" + mpz_class(x).get_str(16) + "\"]",
                                    "[\"" + x + ".0\"]",
                                    "[\"" + x + "e0\"]",
                                    "[\"" + x + "n\"]",
                                    "[" + x + "]",
                                    "[[\"" + x + "\"]]",
                                    "[{\"0\":\"" + x + "\"}]",
                                    "[null]",
                                    "[\"null\"]",
                                    "[true]",
                                    "[\"\"]",
                                    "[]",
                                    "",
                                    "null",
                                    "\"" + x + "\"",
                                    "{\"0\":\"" + x + "\"}",
                                    "[\"" + x + "\",\"0\"]",
                                    "[\"" + x + "\",\"" + x + "\"]",
                                    "[\"0\",\"" + x + "\"]",
                                    "[\"" + x + "\",]",
                                    "[\"" + x + "\"",
                                    "[\"" + x + "\"]]",
                                    "[\"" + x + "\"]x",
                                    "[\"" + x + "\"][]",
                                    "['" + x + "']",
                                    "// c\n[\"" + x + "\"]",
                                    "\xef\xbb\xbf[\"" + x + "\"]",
                                    "[\"" + std::string(78, '9') + "\"]",
                                    "[\"" + std::string(5000, '1') + "\"]",
                                    "[\"\\u0030\"]",
                                    std::string(100'000, '[')};
  texts.push_back("[\"" + x + "\"]" + std::string(1, '\0'));
  for (const std::string& text : texts) {
    JsonFixture bad = good;
    bad.inputs = text;
    ExpectRefused(bad, "public.json " + text.substr(0, 120));
  }
}

TEST(JsonRefusalTest, TheLastInputMayNotBeLeftOutWhereItIsZero) {
  SimRandom random(1);
  const groth16::TrapdoorKey t = groth16::MakeTrapdoorKey(3, random);
  const std::vector<Fr> inputs = {Fr::FromU64(5), Fr::One(), Fr::Zero()};
  JsonFixture files;
  files.key = VerifyingKeyToJson(t.key);
  files.proof = ProofToJson(groth16::Simulate(t, inputs, random));
  files.inputs = PublicToJson(inputs);
  EXPECT_TRUE(Judge(files).ok());
  for (const char* text :
       {R"(["5","1"])", R"(["5","1","0","0"])", R"(["5","1",null])", R"(["5","1",""])", R"(["1","5","0"])"}) {
    files.inputs = text;
    ExpectRefused(files, text);
  }
}

// Changes of one G1 point at `at`.
std::vector<Change> G1Changes() {
  std::vector<Change> changes = {{"null", [](json& p) { p = nullptr; }},
                                 {"string", [](json& p) { p = "1"; }},
                                 {"empty", [](json& p) { p = json::array(); }},
                                 {"two elements", [](json& p) { p.erase(2); }},
                                 {"four elements", [](json& p) { p.push_back("1"); }},
                                 {"nested", [](json& p) { p = json::array({p}); }},
                                 {"Z = 0", [](json& p) { p[2] = "0"; }},
                                 {"Z = 2", [](json& p) { p[2] = "2"; }},
                                 {"Z a number", [](json& p) { p[2] = 1; }},
                                 {"Z = 01", [](json& p) { p[2] = "01"; }},
                                 {"Z = q + 1", [](json& p) { p[2] = Plus("1", kQ); }},
                                 {"infinity 0 1 0",
                                  [](json& p) {
                                    p = {"0", "1", "0"};
                                  }},
                                 {"infinity 0 0 1",
                                  [](json& p) {
                                    p = {"0", "0", "1"};
                                  }},
                                 {"off the curve", [](json& p) { p[0] = Plus(p[0], 1); }},
                                 {"swapped", [](json& p) { std::swap(p[0], p[1]); }}};
  for (const int i : {0, 1}) {
    changes.push_back({"plus q", [i](json& p) { p[i] = Plus(p[i], kQ); }});
    changes.push_back({"minus q", [i](json& p) { p[i] = Plus(p[i], -kQ); }});
    changes.push_back(
        {"hexadecimal", [i](json& p) { p[i] = "0x" + mpz_class(p[i].get<std::string>()).get_str(16); }});
    changes.push_back({"leading zero", [i](json& p) { p[i] = "0" + p[i].get<std::string>(); }});
    changes.push_back({"a number", [i](json& p) { p[i] = 1; }});
    changes.push_back({"null coordinate", [i](json& p) { p[i] = nullptr; }});
  }
  return changes;
}

std::vector<Change> G2Changes() {
  std::vector<Change> changes = {
      {"null", [](json& p) { p = nullptr; }},
      {"two elements", [](json& p) { p.erase(2); }},
      {"four elements", [](json& p) { p.push_back(p[2]); }},
      {"G1 point",
       [](json& p) {
         p = {"1", "2", "1"};
       }},
      {"coordinate of one part", [](json& p) { p[0].erase(1); }},
      {"coordinate of three parts", [](json& p) { p[1].push_back("0"); }},
      {"Z of one part", [](json& p) { p[2] = json::array({"1"}); }},
      {"Z = 0",
       [](json& p) {
         p[2] = {"0", "0"};
       }},
      {"Z = 1 + u",
       [](json& p) {
         p[2] = {"1", "1"};
       }},
      {"Z = u",
       [](json& p) {
         p[2] = {"0", "1"};
       }},
      {"Z a string", [](json& p) { p[2] = "1"; }},
      {"infinity", [](json& p) { p = json::parse(R"([["0","0"],["1","0"],["0","0"]])"); }},
      {"infinity with Z = 1", [](json& p) { p = json::parse(R"([["0","0"],["0","0"],["1","0"]])"); }},
      {"imaginary part first",
       [](json& p) {
         std::swap(p[0][0], p[0][1]);
         std::swap(p[1][0], p[1][1]);
       }},
      {"x and y swapped", [](json& p) { std::swap(p[0], p[1]); }},
      {"off the curve", [](json& p) { p[1][1] = Plus(p[1][1], 1); }},
      {"off the subgroup", [](json& p) {
         const G2Affine outside = OutsideSubgroup();
         p = json::parse(ProofToJson({G1Generator(), outside, G1Generator()}))["pi_b"];
       }}};
  for (const int i : {0, 1}) {
    for (const int j : {0, 1}) {
      changes.push_back({"plus q", [i, j](json& p) { p[i][j] = Plus(p[i][j], kQ); }});
      changes.push_back({"leading zero", [i, j](json& p) { p[i][j] = "0" + p[i][j].get<std::string>(); }});
      changes.push_back({"not a string", [i, j](json& p) { p[i][j] = 7; }});
    }
  }
  return changes;
}

// Applies each change to `member` of the proof or key, and also leaves the member out.
void RefuseChanges(std::string JsonFixture::*document, const std::string& member,
                   const std::vector<Change>& changes) {
  const JsonFixture good;
  const json original = json::parse(good.*document);
  for (const Change& change : changes) {
    JsonFixture bad = good;
    json changed = original;
    change.apply(changed.at(member));
    bad.*document = changed.dump();
    ExpectRefused(bad, member + ": " + change.name);
  }
  JsonFixture bad = good;
  json changed = original;
  changed.erase(member);
  bad.*document = changed.dump();
  EXPECT_THAT(std::string(Judge(bad).message()), testing::HasSubstr("member \"" + member + "\" is missing"));
}

TEST(JsonRefusalTest, ProofPoints) {
  RefuseChanges(&JsonFixture::proof, "pi_a", G1Changes());
  RefuseChanges(&JsonFixture::proof, "pi_b", G2Changes());
  RefuseChanges(&JsonFixture::proof, "pi_c", G1Changes());
}

TEST(JsonRefusalTest, KeyPoints) {
  RefuseChanges(&JsonFixture::key, "vk_alpha_1", G1Changes());
  RefuseChanges(&JsonFixture::key, "vk_beta_2", G2Changes());
  RefuseChanges(&JsonFixture::key, "vk_gamma_2", G2Changes());
  RefuseChanges(&JsonFixture::key, "vk_delta_2", G2Changes());
}

const std::vector<Change>& NameChanges() {
  static const std::vector<Change> changes = {{"another", [](json& v) { v = "plonk"; }},
                                              {"another case", [](json& v) { v = "Groth16"; }},
                                              {"null", [](json& v) { v = nullptr; }},
                                              {"number", [](json& v) { v = 16; }},
                                              {"empty", [](json& v) { v = ""; }},
                                              {"another curve", [](json& v) { v = "bls12381"; }},
                                              {"padded", [](json& v) { v = v.get<std::string>() + " "; }},
                                              {"array", [](json& v) { v = json::array({v}); }}};
  return changes;
}

TEST(JsonRefusalTest, ProtocolCurveAndCounts) {
  RefuseChanges(&JsonFixture::proof, "protocol", NameChanges());
  RefuseChanges(&JsonFixture::key, "protocol", NameChanges());
  RefuseChanges(&JsonFixture::key, "curve", NameChanges());
  for (const Change& change : NameChanges()) {  // a proof may lack `curve`, but not have another
    JsonFixture bad;
    json proof = json::parse(bad.proof);
    change.apply(proof["curve"]);
    bad.proof = proof.dump();
    ExpectRefused(bad, "proof curve " + change.name);
  }
  RefuseChanges(&JsonFixture::key, "nPublic",
                {{"zero", [](json& v) { v = 0; }},
                 {"two", [](json& v) { v = 2; }},
                 {"negative", [](json& v) { v = -1; }},
                 {"string", [](json& v) { v = "1"; }},
                 {"fraction", [](json& v) { v = 1.0; }},
                 {"null", [](json& v) { v = nullptr; }},
                 {"2^32 + 1", [](json& v) { v = 4294967297; }},
                 {"array", [](json& v) { v = {1}; }},
                 {"true", [](json& v) { v = true; }}});
}

TEST(JsonRefusalTest, Ic) {
  RefuseChanges(&JsonFixture::key, "IC",
                {{"empty", [](json& v) { v = json::array(); }},
                 {"null", [](json& v) { v = nullptr; }},
                 {"short", [](json& v) { v.erase(1); }},
                 {"long", [](json& v) { v.push_back(v[0]); }},
                 {"flat", [](json& v) { v = v[0]; }},
                 {"object",
                  [](json& v) {
                    v = {{"0", v[0]}, {"1", v[1]}};
                  }},
                 {"swapped", [](json& v) { std::swap(v[0], v[1]); }},
                 {"all infinity",
                  [](json& v) {
                    v = json::array({{"0", "1", "0"}, {"0", "1", "0"}});
                  }},
                 {"all (0, 0)", [](json& v) {
                    v = json::array({{"0", "0", "1"}, {"0", "0", "1"}});
                  }}});
  for (const size_t i : {0, 1}) {
    std::vector<Change> changes = G1Changes();
    for (Change& change : changes) change.apply = [i, apply = change.apply](json& v) { apply(v[i]); };
    RefuseChanges(&JsonFixture::key, "IC", changes);
  }
}

TEST(JsonRefusalTest, AlphaBetaIsCheckedForFormAlone) {
  const JsonFixture good;
  const std::vector<Change> changes = {{"null", [](json& v) { v = nullptr; }},
                                       {"empty", [](json& v) { v = json::array(); }},
                                       {"short", [](json& v) { v.erase(1); }},
                                       {"short inside", [](json& v) { v[0].erase(2); }},
                                       {"unreduced", [](json& v) { v[1][2][0] = kQ.get_str(); }},
                                       {"number", [](json& v) { v[0][0][0] = 1; }},
                                       {"too deep", [](json& v) { v[0][0][0] = json::array({"1"}); }}};
  for (const Change& change : changes) {
    JsonFixture bad = good;
    json key = json::parse(bad.key);
    change.apply(key["vk_alphabeta_12"]);
    bad.key = key.dump();
    ExpectRefused(bad, "vk_alphabeta_12 " + change.name);
  }
}

TEST(JsonRefusalTest, GammaPlusOrMinusDelta) {
  SimRandom random(2);
  groth16::TrapdoorKey t = groth16::MakeTrapdoorKey(1, random);
  for (const bool negate : {false, true}) {
    t.key.delta = negate ? -t.key.gamma : t.key.gamma;
    const std::string text = VerifyingKeyToJson(t.key);
    const Status status = ParseVerifyingKeyJson(text, "vkey.json").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("vkey.json: verifying key: gamma"));
    EXPECT_TRUE(ParseVerifyingKeyJson(text, "vkey.json", /*allow_insecure_setup=*/true).ok());
  }
}

TEST(JsonRefusalTest, ForgedProofs) {
  const JsonFixture good;
  const groth16::Proof proof = ParseProofJson(good.proof, "p").value();
  const groth16::VerifyingKey key = ParseVerifyingKeyJson(good.key, "k").value();
  const std::vector<groth16::Proof> forged = {{-proof.a, proof.b, proof.c},
                                              {proof.a, -proof.b, proof.c},
                                              {proof.a, proof.b, -proof.c},
                                              {proof.c, proof.b, proof.a},
                                              {key.alpha, key.beta, proof.c},
                                              {key.alpha, key.beta, -key.ic[0]},
                                              {G1Generator(), G2Generator(), G1Generator()},
                                              {proof.a, key.gamma, proof.c}};
  for (size_t i = 0; i < forged.size(); ++i) {
    JsonFixture bad = good;
    bad.proof = ProofToJson(forged[i]);
    EXPECT_EQ(Judge(bad).code(), absl::StatusCode::kUnauthenticated) << i;
  }
  JsonFixture negated = good;
  negated.proof = ProofToJson({-proof.a, -proof.b, proof.c});
  EXPECT_TRUE(Judge(negated).ok()) << "another proof of the same statement";
  SimRandom random(3);
  const Fr k = RandomField<Fr>(random);
  JsonFixture scaled = good;
  scaled.proof = ProofToJson({Times(proof.a, k), Times(proof.b, k.Inverse()), proof.c});
  EXPECT_TRUE(Judge(scaled).ok()) << "another proof of the same statement";
}

TEST(JsonRefusalTest, MembersTwiceAndOtherDocuments) {
  const JsonFixture good;
  for (std::string JsonFixture::*document : {&JsonFixture::proof, &JsonFixture::key}) {
    const std::string text = good.*document;
    const json parsed = json::parse(text);
    const std::string open = text.substr(1);
    std::vector<std::string> bad_texts = {"",
                                          " ",
                                          "null",
                                          "[]",
                                          "{}",
                                          "[" + text + "]",
                                          "{\"proof\":" + text + "}",
                                          text + "}",
                                          text + text,
                                          open,
                                          "\xef\xbb\xbf" + text,
                                          text + std::string(1, '\0'),
                                          "{\"x\":1,\"x\":2," + open,
                                          "{\"x\":[[[[1]]]]," + open,
                                          "{\"x\":nul," + open,
                                          "{\"\\u0078\":1," + open,
                                          "{\"x\":\"\t\"," + open,
                                          "{," + open};
    for (const auto& [name, value] : parsed.items()) {
      bad_texts.push_back("{\"" + name + "\":" + value.dump() + "," + open);
    }
    for (const std::string& bad_text : bad_texts) {
      JsonFixture bad = good;
      bad.*document = bad_text;
      ExpectRefused(bad, bad_text.substr(0, 60));
    }
  }
}

TEST(JsonRefusalTest, EveryTruncationIsRefused) {
  const JsonFixture good;
  for (size_t i = 0; i < good.proof.size(); ++i)
    EXPECT_FALSE(ParseProofJson(good.proof.substr(0, i), "p").ok()) << i;
  for (size_t i = 0; i < good.inputs.size(); ++i)
    EXPECT_FALSE(ParsePublicJson(good.inputs.substr(0, i), "i").ok()) << i;
  for (size_t i = 0; i < good.key.size(); ++i) {
    EXPECT_FALSE(ParseVerifyingKeyJson(good.key.substr(0, i), "k").ok()) << i;
  }
}

TEST(JsonRefusalTest, NoChangedByteGivesAnotherProof) {
  const JsonFixture good;
  const groth16::Proof proof = ParseProofJson(good.proof, "p").value();
  SimRandom random(4);
  for (size_t i = 0; i < good.proof.size(); ++i) {
    std::string text = good.proof;
    text[i] = static_cast<char>(random.Below(256));
    const auto parsed = ParseProofJson(text, "p");
    if (parsed.ok()) {
      EXPECT_EQ(*parsed, proof) << i;
    }
  }
}

}  // namespace
}  // namespace prooflode
