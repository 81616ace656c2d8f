// Shows circuits, hashes and signatures of prover/workload to tests in other languages.
//
//   pl_workload_dump circuits DIR    writes DIR/KIND-SIZE.r1cs and .wtns for a few sizes of each kind
//   pl_workload_dump hashes          Poseidon of 1 to 16 elements: a JSON array of {inputs, hash}
//   pl_workload_dump signatures      EdDSA signatures: a JSON array of {key, message, r, s}
//   pl_workload_dump verify ARRAY    "valid" or "invalid" for a JSON array [A.x, A.y, M, R.x, R.y, S] of
//   decimal strings, by the
//                                    circuit; it must agree with native verification
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "base/sim/sim_env.h"
#include "base/status.h"
#include "prover/format/json.h"
#include "prover/workload/eddsa.h"
#include "prover/workload/poseidon.h"
#include "prover/workload/random_field.h"
#include "prover/workload/workload.h"

namespace prooflode::workload {
namespace {

constexpr uint64_t kSeed = 2024;

std::string Quoted(const Fr& value) { return absl::StrCat("\"", FrToDecimal(value), "\""); }
std::string Quoted(const BabyJubjubPoint& point) {
  return absl::StrCat("[", Quoted(point.x), ",", Quoted(point.y), "]");
}

Status DumpCircuits(const std::string& directory) {
  SimRandom random(kSeed);
  for (const auto& [name, size] : {std::pair{"poseidon", 1},
                                   {"poseidon", 5},
                                   {"sha256", 0},
                                   {"sha256", 55},
                                   {"sha256", 64},
                                   {"rollup", 1},
                                   {"rollup", 2}}) {
    PL_ASSIGN_OR_RETURN(const Kind kind, ParseKind(name));
    PL_ASSIGN_OR_RETURN(const Circuit circuit, Build(kind, static_cast<uint32_t>(size), random));
    const std::string stem = absl::StrCat(directory, "/", name, "-", size);
    PL_RETURN_IF_ERROR(WriteR1cs(stem + ".r1cs", circuit.system));
    PL_RETURN_IF_ERROR(WriteWtns(stem + ".wtns", circuit.witness));
  }
  return absl::OkStatus();
}

void DumpHashes() {
  SimRandom random(kSeed);
  for (size_t count = 1; count <= kPoseidonInputsMax; ++count) {
    std::vector<Fr> inputs;
    std::string list;
    for (size_t i = 0; i < count; ++i) {
      inputs.push_back(UniformElement<Fr>(random));
      absl::StrAppend(&list, i == 0 ? "" : ",", Quoted(inputs.back()));
    }
    std::printf("%s{\"inputs\":[%s],\"hash\":%s}\n", count == 1 ? "[" : ",", list.c_str(),
                Quoted(Poseidon(inputs)).c_str());
  }
  std::puts("]");
}

void DumpSignatures() {
  SimRandom random(kSeed);
  for (int i = 0; i < 8; ++i) {
    const EddsaKey key = MakeEddsaKey(random);
    const Fr message = UniformElement<Fr>(random);
    const EddsaSignature signature = EddsaSign(key, message);
    std::printf("%s{\"key\":%s,\"message\":%s,\"r\":%s,\"s\":%s}\n", i == 0 ? "[" : ",",
                Quoted(key.point).c_str(), Quoted(message).c_str(), Quoted(signature.r).c_str(),
                Quoted(*Fr::FromCanonical(signature.s)).c_str());
  }
  std::puts("]");
}

Status Verify(const std::string& array) {
  PL_ASSIGN_OR_RETURN(const std::vector<Fr> values, ParsePublicJson(array, "argument"));
  if (values.size() != 6) return absl::InvalidArgumentError("argument: want six elements");
  const BabyJubjubPoint key = {values[0], values[1]};
  const EddsaSignature signature = {{values[3], values[4]}, values[5].ToCanonical()};
  Builder builder;
  const PointWires key_wires = PrivatePoint(builder, key);
  const LinearCombination message = builder.PrivateInput(values[2]);
  AssertEddsa(builder, key_wires, message, PrivateSignature(builder, signature));
  const Circuit circuit = std::move(builder).Finish();
  const bool valid = !FirstUnsatisfied(circuit.system, circuit.witness.values).has_value();
  if (valid != EddsaVerify(key, values[2], signature))
    return absl::InternalError("circuit and native disagree");
  std::puts(valid ? "valid" : "invalid");
  return absl::OkStatus();
}

Status Run(std::span<char*> arguments) {
  const std::string command = arguments.size() > 1 ? arguments[1] : "";
  if (command == "circuits" && arguments.size() == 3) return DumpCircuits(arguments[2]);
  if (command == "verify" && arguments.size() == 3) return Verify(arguments[2]);
  if (command == "hashes" && arguments.size() == 2) return DumpHashes(), absl::OkStatus();
  if (command == "signatures" && arguments.size() == 2) return DumpSignatures(), absl::OkStatus();
  return absl::InvalidArgumentError("want circuits DIR, hashes, signatures or verify ARRAY");
}

}  // namespace
}  // namespace prooflode::workload

int main(int argc, char** argv) {
  const auto status = prooflode::workload::Run({argv, static_cast<size_t>(argc)});
  if (!status.ok()) std::fprintf(stderr, "pl_workload_dump: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
