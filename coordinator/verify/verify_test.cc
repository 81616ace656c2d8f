#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <set>

#include "base/check.h"
#include "base/files.h"
#include "base/sim/sim_env.h"
#include "coordinator/verify/file_checks.h"
#include "coordinator/verify/verifier_pool.h"
#include "prover/format/json.h"
#include "prover/format/zkey.h"
#include "prover/groth16/bit_wires.h"
#include "prover/groth16/prove.h"
#include "prover/groth16/statement.h"
#include "prover/groth16/test_circuits.h"
#include "prover/groth16/work_units.h"

namespace prooflode::verify {
namespace {

// A circuit's files in a folder of their own.
class Files {
 public:
  Files() : pool(1) {
    directory_ = testing::TempDir() + "/pl_verify_XXXXXX";
    PL_CHECK(mkdtemp(directory_.data()) != nullptr);
    system = groth16::ProductCircuit();
    SimRandom random(7);
    key = *groth16::InsecureSetup(system, random, pool);
    PL_CHECK(WriteZkey(Path("zkey"), key).ok());
    PL_CHECK(WriteR1cs(Path("r1cs"), system).ok());
    PL_CHECK(WriteWtns(Path("wtns"), groth16::ProductWitness()).ok());
  }
  ~Files() { std::filesystem::remove_all(directory_); }
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }

  StatusOr<market::Circuit> Check(std::optional<std::string> r1cs, bool allow_insecure = false,
                                  FileLimits limits = {}) {
    PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(Path("zkey")));
    PL_ASSIGN_OR_RETURN(const UniqueFd system_fd, OpenForReading(r1cs.value_or(Path("zkey"))));
    SimRandom random(8);
    return CheckCircuit({fd.get(), zkey_digest, *FileSize(fd.get(), "zkey"), "zkey"},
                        SystemOf(system_fd, r1cs), allow_insecure, limits, random, pool);
  }
  StatusOr<WitnessFacts> CheckWitnessOf(const market::Circuit& circuit, std::optional<std::string> r1cs) {
    PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(Path("wtns")));
    PL_ASSIGN_OR_RETURN(const UniqueFd system_fd, OpenForReading(r1cs.value_or(Path("zkey"))));
    return CheckWitness(circuit, {fd.get(), {}, *FileSize(fd.get(), "wtns"), "wtns"},
                        SystemOf(system_fd, r1cs));
  }

  ThreadPool pool;
  ConstraintSystem system;
  groth16::ProvingKey key;
  Digest zkey_digest = Sha256(AsBytes("zkey"));  // as the store would give it
  static inline const Digest kSystemDigest = Sha256(AsBytes("r1cs"));

 private:
  static std::optional<OpenFile> SystemOf(const UniqueFd& fd, const std::optional<std::string>& r1cs) {
    if (!r1cs) return std::nullopt;
    return OpenFile{fd.get(), kSystemDigest, *FileSize(fd.get(), "r1cs"), "r1cs"};
  }

  std::string directory_;
};

TEST(CheckCircuit, TellsWhatTheKeyIs) {
  Files files;
  const auto circuit = files.Check(files.Path("r1cs"));
  ASSERT_TRUE(circuit.ok()) << circuit.status();
  EXPECT_EQ(circuit->verifying_key_digest, groth16::VerifyingKeyDigest(files.key.verifying_key));
  EXPECT_EQ(circuit->zkey_digest, files.zkey_digest);
  EXPECT_EQ(circuit->r1cs_digest, Files::kSystemDigest);
  EXPECT_EQ(circuit->r1cs_bytes, std::filesystem::file_size(files.Path("r1cs")));
  EXPECT_EQ(circuit->id,
            groth16::CircuitId(circuit->verifying_key_digest, files.zkey_digest, Files::kSystemDigest));
  EXPECT_EQ(circuit->public_input_count, 2u);
  EXPECT_EQ(circuit->variable_count, 7u);
  EXPECT_EQ(circuit->domain_size, files.key.domain_size());
  EXPECT_FALSE(circuit->insecure_setup);
  EXPECT_EQ(circuit->security_bits, 100u);
  EXPECT_EQ(circuit->setup_contributions, 0u);  // as WriteZkey writes it
  EXPECT_EQ(circuit->work_units, groth16::WorkUnits(files.key, groth16::BitWires(files.system)));
  EXPECT_GE(circuit->work_units, 1u);
  const auto key = ParseVerifyingKeyJson(circuit->verification_key_json, "key");
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(*key, files.key.verifying_key);
}

TEST(CheckCircuit, OtherFilesOfOneVerifyingKeyAreAnotherCircuitWithTheSameStatements) {
  Files files;
  const market::Circuit circuit = *files.Check(files.Path("r1cs"));
  const market::Circuit without = *files.Check(std::nullopt);
  // Points on the curve, but not those of this circuit: no proof made with them is valid.
  for (auto& point : files.key.h) point = G1Generator();
  ASSERT_TRUE(WriteZkey(files.Path("zkey"), files.key).ok());
  files.zkey_digest = Sha256(AsBytes("broken"));
  const auto broken = files.Check(files.Path("r1cs"));
  ASSERT_TRUE(broken.ok()) << broken.status();
  EXPECT_EQ(std::set({circuit.id, without.id, broken->id}).size(), 3u);
  EXPECT_EQ(broken->verifying_key_digest, circuit.verifying_key_digest);
  EXPECT_EQ(files.CheckWitnessOf(*broken, std::nullopt)->statement,
            files.CheckWitnessOf(circuit, std::nullopt)->statement);
}

TEST(CheckCircuit, RefusesAnInsecureSetupUnlessAllowed) {
  Files files;
  files.key.verifying_key.gamma = files.key.verifying_key.delta;
  ASSERT_TRUE(WriteZkey(files.Path("zkey"), files.key).ok());
  EXPECT_EQ(files.Check(std::nullopt).status().code(), absl::StatusCode::kFailedPrecondition);
  const auto allowed = files.Check(std::nullopt, true);
  ASSERT_TRUE(allowed.ok()) << allowed.status();
  EXPECT_TRUE(allowed->insecure_setup);
  EXPECT_EQ(allowed->security_bits, 0u);
}

TEST(CheckCircuit, RefusesAConstraintSystemOfAnotherCircuit) {
  Files files;
  const std::string path = files.Path("other.r1cs");
  const auto refused = [&](const ConstraintSystem& system) {
    PL_CHECK(WriteR1cs(path, system).ok());
    return files.Check(path).status().code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_FALSE(refused(files.system));
  EXPECT_TRUE(refused(groth16::CubeCircuit()));
  ConstraintSystem value = files.system;  // same counts, one coefficient of A or B changed
  value.terms[0] = {value.terms[0].wire, Fr::FromU64(2)};
  EXPECT_TRUE(refused(value));
  ConstraintSystem wire = files.system;
  wire.terms[1].wire = 5;
  EXPECT_TRUE(refused(wire));
}

TEST(CheckCircuit, EnforcesTheMarketsLimits) {
  Files files;
  EXPECT_EQ(files.Check(std::nullopt, false, {.domain_size_max = 4}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(files.Check(std::nullopt, false, {.public_inputs_max = 1}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Checks, RefuseFilesThatAreTooLargeAndDoNotTellWhereTheyAre) {
  Files files;
  const market::Circuit circuit = *files.Check(std::nullopt);
  std::filesystem::resize_file(files.Path("r1cs"), 20);  // broken: the error has its name alone
  const Status broken = files.Check(files.Path("r1cs")).status();
  EXPECT_EQ(broken.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(broken.message().find('/'), absl::string_view::npos) << broken;
  std::filesystem::resize_file(files.Path("r1cs"), 2 << 20);
  EXPECT_NE(files.Check(files.Path("r1cs")).status().message().find("want at most"), absl::string_view::npos);
  std::filesystem::resize_file(files.Path("wtns"), 8192);
  const Status large = files.CheckWitnessOf(circuit, std::nullopt).status();
  EXPECT_NE(large.message().find("take at most"), absl::string_view::npos) << large;
}

TEST(CheckCircuit, ReadsBackAKeyOfTheMostPublicInputsThatCanBeConfigured) {
  groth16::VerifyingKey key = Files().key.verifying_key;
  key.ic.resize(5001, key.ic[0]);
  EXPECT_TRUE(ParseVerifyingKeyJson(VerifyingKeyToJson(key), "key").ok());
}

TEST(CheckWitness, GivesPublicInputsAndStatement) {
  Files files;
  const market::Circuit circuit = *files.Check(std::nullopt);
  const auto facts = files.CheckWitnessOf(circuit, files.Path("r1cs"));
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->public_inputs.size(), 64u);
  EXPECT_EQ(static_cast<uint8_t>(facts->public_inputs[31]), 33);
  EXPECT_EQ(static_cast<uint8_t>(facts->public_inputs[63]), 9);
  EXPECT_EQ(facts->statement,
            groth16::StatementDigest(circuit.verifying_key_digest, AsBytes(facts->public_inputs)));
}

TEST(CheckWitness, RefusesWhatCouldNeverBeProven) {
  Files files;
  const market::Circuit circuit = *files.Check(std::nullopt);
  Witness wrong = groth16::ProductWitness();
  wrong.values[3] = {4, 0, 0, 0};
  ASSERT_TRUE(WriteWtns(files.Path("wtns"), wrong).ok());
  EXPECT_TRUE(files.CheckWitnessOf(circuit, std::nullopt).ok());  // cannot be seen without the r1cs
  const Status status = files.CheckWitnessOf(circuit, files.Path("r1cs")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("constraint 0"), absl::string_view::npos) << status;
  wrong.values.pop_back();
  ASSERT_TRUE(WriteWtns(files.Path("wtns"), wrong).ok());
  EXPECT_EQ(files.CheckWitnessOf(circuit, std::nullopt).status().code(), absl::StatusCode::kInvalidArgument);
}

engine::ProofChecker::Request RequestOf(const Files& files, const groth16::Proof& proof,
                                        market::LeafIndex leaf) {
  engine::ProofChecker::Request request;
  request.commit_leaf = leaf;
  request.verifying_key_digest = groth16::VerifyingKeyDigest(files.key.verifying_key);
  request.verification_key_json = VerifyingKeyToJson(files.key.verifying_key);
  const groth16::ProofBytes bytes = EncodeProof(proof);
  request.proof.assign(bytes.begin(), bytes.end());
  request.public_inputs = EncodePublicInputs(groth16::PublicInputs(files.key, groth16::ProductWitness()));
  return request;
}

TEST(VerifierPool, JudgesProofs) {
  Files files;
  SimRandom random(9);
  SimClock sim_clock;
  InertMetrics metrics;
  const groth16::Proof proof =
      *groth16::Prove(files.key, groth16::ProductWitness(), random, sim_clock, files.pool);
  VerifierPool pool({.threads = 2, .prepared_keys_max = 1}, sim_clock, metrics);
  const auto judge = [&](engine::ProofChecker::Request request) {
    std::promise<bool> verdict;
    pool.Check(std::move(request), [&](bool valid) { verdict.set_value(valid); });
    return verdict.get_future().get();
  };
  EXPECT_TRUE(judge(RequestOf(files, proof, 1)));
  EXPECT_TRUE(judge(RequestOf(files, proof, 2)));  // by the kept key
  groth16::Proof wrong = proof;
  wrong.a = -wrong.a;
  EXPECT_FALSE(judge(RequestOf(files, wrong, 3)));
  auto other_inputs = RequestOf(files, proof, 4);
  other_inputs.public_inputs[31] ^= 1;
  EXPECT_FALSE(judge(other_inputs));
  for (const size_t size : {0, 255, 257}) {
    auto malformed = RequestOf(files, proof, 5);
    malformed.proof.resize(size);
    EXPECT_FALSE(judge(malformed));
  }
  auto other_key = RequestOf(files, proof, 6);  // another key pushes the first out
  other_key.verifying_key_digest[0] ^= 1;
  EXPECT_TRUE(judge(other_key));
  EXPECT_TRUE(judge(RequestOf(files, proof, 7)));
}

TEST(VerifierPool, TakesTheEarliestCommitFirst) {
  SimClock sim_clock;
  InertMetrics metrics;
  VerifierPool pool({.threads = 1}, sim_clock, metrics);
  std::promise<void> busy;
  std::promise<void> go;
  std::vector<int> order;
  std::promise<void> last;
  pool.Check({}, [&](bool) {  // malformed: judged at once; its answer holds the only thread
    busy.set_value();
    go.get_future().wait();
  });
  busy.get_future().wait();
  for (const int leaf : {30, 10, 20}) {
    engine::ProofChecker::Request request;
    request.commit_leaf = static_cast<market::LeafIndex>(leaf);
    pool.Check(std::move(request), [&, leaf](bool valid) {
      EXPECT_FALSE(valid);
      order.push_back(leaf);
      if (order.size() == 3) last.set_value();
    });
  }
  go.set_value();
  last.get_future().wait();
  EXPECT_EQ(order, (std::vector{10, 20, 30}));
}

}  // namespace
}  // namespace prooflode::verify
