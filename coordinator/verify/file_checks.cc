#include "coordinator/verify/file_checks.h"

#include <algorithm>
#include <vector>

#include "prover/format/json.h"
#include "prover/format/r1cs.h"
#include "prover/format/wtns.h"
#include "prover/format/zkey.h"
#include "prover/groth16/bit_wires.h"
#include "prover/groth16/random_fr.h"
#include "prover/groth16/security.h"
#include "prover/groth16/statement.h"
#include "prover/groth16/verify.h"
#include "prover/groth16/work_units.h"

namespace prooflode::verify {
namespace {

// Headers and sections that readers skip.
constexpr uint64_t kWitnessOverheadMax = 4096;
// An r1cs is smaller than its zkey, which has the terms of A and B too, and points for each wire and row;
// with room for those of C. Small ones are always taken.
constexpr uint64_t kSystemToKeyBytesMax = 4;
constexpr uint64_t kSmallSystemBytes = 1 << 20;

Status CheckSystemSize(const OpenFile& zkey, const OpenFile& r1cs) {
  const uint64_t bytes_max = std::max(kSmallSystemBytes, kSystemToKeyBytesMax * zkey.bytes);
  if (r1cs.bytes <= bytes_max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(r1cs.name, ": ", r1cs.bytes, " bytes, with a zkey of ",
                                                 zkey.bytes, " want at most ", bytes_max));
}

// The powers of a number below `count`: each is a product of two from tables of about √count, 256 KB together
// at 2^24, where a table of all would be larger than many a file.
class Powers {
 public:
  Powers(const Fr& base, uint64_t count) {
    while ((uint64_t{1} << (2 * half_bits_)) < count) ++half_bits_;
    low_ = Table(base, size_t{1} << half_bits_);
    high_ = Table(low_.back() * base, static_cast<size_t>((count >> half_bits_) + 1));
  }
  Fr operator[](uint64_t exponent) const {
    return high_[exponent >> half_bits_] * low_[exponent & (low_.size() - 1)];
  }

 private:
  static std::vector<Fr> Table(const Fr& base, size_t count) {
    std::vector<Fr> powers(count);
    Fr power = Fr::One();
    for (Fr& value : powers) {
      value = power;
      power *= base;
    }
    return powers;
  }

  int half_bits_ = 0;
  std::vector<Fr> low_;   // of the base
  std::vector<Fr> high_;  // of the base to 2^half_bits_
};

// Whether the key's matrices A and B are those of the system, by evaluating both as polynomials in row and
// column at a random point (Schwartz-Zippel: a difference goes unseen with probability below 2^-220). Rows
// after the constraints hold one public signal each, as every Groth16 setup of circom adds them.
bool MatricesAgree(const groth16::ProvingKey& key, const ConstraintSystem& system, Random& random) {
  const Powers rows(RandomFr(random), key.domain_size());
  const Powers columns(RandomFr(random), key.variable_count);
  Fr of_key[2];
  for (const groth16::Coefficient& entry : key.coefficients) {
    of_key[entry.matrix] += rows[entry.constraint] * columns[entry.signal] * entry.value;
  }
  Fr of_system[2];
  const size_t constraints = system.constraint_count();
  for (size_t i = 0; i < constraints; ++i) {
    for (const int which : {0, 1}) {
      for (const Term& term : system.combination(i, which)) {
        of_system[which] += rows[i] * columns[term.wire] * term.coefficient();
      }
    }
  }
  for (uint32_t i = 0; i <= key.public_count; ++i) of_system[0] += rows[constraints + i] * columns[i];
  // The key holds value·R²: one product with the integer 1 takes the surplus R away.
  const Fr integer_one{{1, 0, 0, 0}};
  return of_key[0] * integer_one == of_system[0] && of_key[1] * integer_one == of_system[1];
}

Status CheckSystem(const groth16::ProvingKey& key, const ConstraintSystem& system, Random& random) {
  const auto differs = [](const char* what, uint64_t in_r1cs, uint64_t in_zkey) {
    return absl::InvalidArgumentError(absl::StrCat("r1cs: ", in_r1cs, " ", what, ", the zkey has ", in_zkey));
  };
  if (system.wire_count != key.variable_count) return differs("wires", system.wire_count, key.variable_count);
  if (system.public_count() != key.public_count) {
    return differs("public signals", system.public_count(), key.public_count);
  }
  const uint64_t rows = uint64_t{system.constraint_count()} + key.public_count + 1;
  if (rows > key.domain_size())
    return differs("rows (constraints, public signals, one)", rows, key.domain_size());
  if (!MatricesAgree(key, system, random)) {
    return absl::InvalidArgumentError("r1cs: the zkey was not made for it: its matrices differ");
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<market::Circuit> CheckCircuit(const OpenFile& zkey, const std::optional<OpenFile>& r1cs,
                                       bool allow_insecure_setup, const FileLimits& limits, Random& random,
                                       ThreadPool& pool) {
  const ZkeyOptions options{.allow_insecure_setup = allow_insecure_setup,
                            .check_g2_subgroup = true,
                            .random = &random,
                            .domain_size_max = limits.domain_size_max,
                            .public_inputs_max = limits.public_inputs_max};
  if (r1cs) PL_RETURN_IF_ERROR(CheckSystemSize(zkey, *r1cs));
  PL_ASSIGN_OR_RETURN(const groth16::ProvingKey key, ReadZkeyFd(zkey.fd, zkey.name, options, pool));
  std::vector<bool> bits;
  if (r1cs) {
    PL_ASSIGN_OR_RETURN(const ConstraintSystem system, ReadR1csFd(r1cs->fd, r1cs->name));
    PL_RETURN_IF_ERROR(CheckSystem(key, system, random));
    bits = groth16::BitWires(system);
  }
  market::Circuit circuit;
  circuit.verifying_key_digest = groth16::VerifyingKeyDigest(key.verifying_key);
  circuit.zkey_digest = zkey.digest;
  if (r1cs) {
    circuit.r1cs_digest = r1cs->digest;
    circuit.r1cs_bytes = r1cs->bytes;
  }
  circuit.id = groth16::CircuitId(circuit.verifying_key_digest, circuit.zkey_digest, circuit.r1cs_digest);
  circuit.proof_system = market::ProofSystem::kGroth16Bn254;
  circuit.zkey_bytes = zkey.bytes;
  circuit.domain_size = key.domain_size();
  circuit.variable_count = key.variable_count;
  circuit.public_input_count = key.public_count;
  circuit.insecure_setup = !groth16::CheckVerifyingKey(key.verifying_key, false).ok();
  circuit.security_bits = circuit.insecure_setup ? 0 : groth16::kBn254SecurityBits;
  PL_ASSIGN_OR_RETURN(circuit.setup_contributions, ZkeyContributionCount(zkey.fd, zkey.name));
  circuit.work_units = groth16::WorkUnits(key, bits);
  circuit.verification_key_json = VerifyingKeyToJson(key.verifying_key);
  // What verifiers will read later.
  PL_RETURN_IF_ERROR(
      ParseVerifyingKeyJson(circuit.verification_key_json, "verification key", allow_insecure_setup)
          .status());
  return circuit;
}

StatusOr<WitnessFacts> CheckWitness(const market::Circuit& circuit, const OpenFile& witness,
                                    const std::optional<OpenFile>& r1cs) {
  const uint64_t bytes_max = uint64_t{circuit.variable_count} * sizeof(Limbs) + kWitnessOverheadMax;
  if (witness.bytes > bytes_max) {
    return absl::InvalidArgumentError(absl::StrCat(witness.name, ": ", witness.bytes, " bytes, the ",
                                                   circuit.variable_count,
                                                   " values of the circuit take at most ", bytes_max));
  }
  PL_ASSIGN_OR_RETURN(const Witness values, ReadWtnsFd(witness.fd, witness.name));
  if (values.values.size() != circuit.variable_count) {
    return absl::InvalidArgumentError(absl::StrCat(witness.name, ": ", values.values.size(),
                                                   " values, the circuit has ", circuit.variable_count));
  }
  if (r1cs) {
    PL_ASSIGN_OR_RETURN(const ConstraintSystem system, ReadR1csFd(r1cs->fd, r1cs->name));
    if (const auto unsatisfied = FirstUnsatisfied(system, values.values)) {
      return absl::InvalidArgumentError(absl::StrCat(witness.name, ": constraint ", *unsatisfied,
                                                     " is not satisfied; this job could never be proven"));
    }
  }
  std::vector<Fr> inputs;
  for (uint32_t i = 1; i <= circuit.public_input_count; ++i) {
    inputs.push_back(*Fr::FromCanonical(values.values[i]));  // the reader made sure that it is below r
  }
  WitnessFacts facts;
  facts.public_inputs = EncodePublicInputs(inputs);
  facts.statement = groth16::StatementDigest(circuit.verifying_key_digest, AsBytes(facts.public_inputs));
  return facts;
}

}  // namespace prooflode::verify
