// fuzz_seeds FOLDER: writes the seeds of every target, FOLDER/TARGET/NAME: valid files, legal oddities and
// broken ones.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "base/crypto.h"
#include "coordinator/engine/answer_codec.h"
#include "coordinator/engine/command_codec.h"
#include "miner/work/journal.h"
#include "prover/format/json.h"
#include "prover/format/toy_files.h"
#include "transparency/checkpoint.h"
#include "transparency/leaf.h"
#include "transparency/leaf_json.h"
#include "transparency/merkle.h"
#include "transparency/receipt.h"
#include "transparency/signing.h"

namespace prooflode {
namespace {

class Seeds {
 public:
  Seeds(const std::filesystem::path& root, const std::string& target) : folder_(root / target) {
    std::filesystem::create_directories(folder_);
  }
  void Add(const std::string& content) {
    std::ofstream(folder_ / std::to_string(number_++), std::ios::binary) << content;
  }

 private:
  std::filesystem::path folder_;
  int number_ = 0;
};

void Containers(const std::filesystem::path& root, const std::string& target, const std::string& valid) {
  Seeds seeds(root, target);
  seeds.Add(valid);
  const toy::Container container = toy::Container::Of(valid);
  for (const toy::Mutant& oddity : toy::ContainerOddities(container)) seeds.Add(oddity.bytes);
  const auto mutants = toy::ContainerMutants(container, [](uint32_t id) { return std::to_string(id); });
  for (size_t i = 0; i < mutants.size(); i += 97) seeds.Add(mutants[i].bytes);
}

void Json(const std::filesystem::path& root) {
  const groth16::ProvingKey key = toy::Key();
  const groth16::Proof proof{key.a[0], key.b2[1], key.c[0]};
  Seeds(root, "proof_json").Add(ProofToJson(proof));
  Seeds(root, "verifying_key_json").Add(VerifyingKeyToJson(key.verifying_key));
  Seeds publics(root, "public_json");
  const std::vector<Fr> inputs = {Fr::Zero(), Fr::One(), -Fr::One(), Fr::FromU64(3).Inverse()};
  for (size_t count = 0; count <= inputs.size(); ++count)
    publics.Add(PublicToJson(std::span(inputs).first(count)));
  Seeds wire(root, "proof_bytes");
  const groth16::ProofBytes bytes = EncodeProof(proof);
  wire.Add(std::string(AsChars(bytes)));
  wire.Add(EncodePublicInputs(inputs));
  wire.Add(std::string(256, '\0'));
}

// A leaf with records of every kind.
std::string LeafWithRecords() {
  engine::LeafOutcome outcome;
  outcome.jobs.resize(2);
  outcome.attempts.resize(2);
  outcome.transfers = {
      {.id = 1, .amount = Amount{27}, .debit = "external", .credit = "fees"},
      {.id = 2, .debit = "escrow:00", .credit = "available:00", .job = std::string(32, '0')}};
  outcome.draws.resize(1);
  outcome.draws[0].entries.resize(3);
  return transparency::EncodeLeaf(engine::EncodeCommand({.command = market::CommitProof{}}, outcome));
}

// A receipt for the only leaf of a log, as its coordinator signs it.
transparency::Receipt ReceiptOf(const std::string& leaf, const SigningKey& coordinator) {
  transparency::Receipt receipt{.market = "log", .coordinator = coordinator.public_key(), .leaf = leaf};
  receipt.tree = {.size = 1, .root = transparency::LeafHash(AsBytes(leaf))};
  transparency::ReceiptStatement statement;
  statement.market = receipt.market;
  statement.leaf_hash = receipt.tree.root;
  statement.tree_size = receipt.tree.size;
  statement.root = receipt.tree.root;
  receipt.signature =
      coordinator.Sign(transparency::kReceiptDomain, AsBytes(transparency::ReceiptMessage(statement)));
  return receipt;
}

void Lines(const std::filesystem::path& root) {
  const std::string bytes = LeafWithRecords();
  const transparency::Leaf leaf{
      .index = 7, .bytes = bytes, .hash = transparency::LeafHash(AsBytes(bytes)), .proof = "proof"};
  Seeds lines(root, "log_line");
  lines.Add(transparency::LeafJsonLine(leaf).value());
  lines.Add(bytes);
  const auto content = transparency::DecodeLeaf(AsBytes(bytes));
  for (const auto& [number, field] : content->fields) {
    if (engine::IsOutcomeField(number)) lines.Add(field);
  }
  transparency::Receipt receipt = ReceiptOf(bytes, SigningKey::FromSeed({}));
  PL_CHECK(transparency::CheckReceipt(receipt).ok());
  Seeds receipts(root, "receipt_line");
  receipts.Add(transparency::ReceiptLine(receipt));
  receipt.inclusion_proof.resize(3);
  receipt.leaf = "";
  receipts.Add(transparency::ReceiptLine(receipt));
  Seeds urls(root, "url");
  for (const char* url : {"https://pool.example.org:443/", "http://127.0.0.1:7000", "http://[::1]:7000",
                          "https://user@files.example.org/a/b.zkey?c=d#e"}) {
    urls.Add(url);
  }
}

void Records(const std::filesystem::path& root) {
  transparency::LeafContent leaf{.type = transparency::LeafType::kCommit, .time = Micros(1234567)};
  Seeds leaves(root, "leaf");
  leaves.Add(transparency::EncodeLeaf(leaf));
  leaf.fields = {{1, "job"}, {2, ""}, {7, std::string(32, '\x07')}};
  leaves.Add(transparency::EncodeLeaf(leaf));
  const SigningKey signer = SigningKey::FromSeed({});
  const std::string checkpoint =
      transparency::SignCheckpoint({.origin = "log", .head = {.size = 12}, .extensions = {"more"}}, signer);
  Seeds notes(root, "note");
  notes.Add(checkpoint);
  notes.Add(checkpoint.substr(0, checkpoint.find("\n\n") + 1));
  notes.Add(transparency::NoteKey{.name = "log", .key = signer.public_key()}.Text());
  Seeds amounts(root, "amount");
  for (const char* text : {"1.25", "0", "18446744073709551615", "0.0000000000000000001"}) {
    amounts.Add(std::string(1, '\x13') + text);
    amounts.Add(std::string(1, '\x02') + text);
  }
  Seeds commands(root, "command");
  for (const market::Command& command :
       {market::Command(market::Tick{}), market::Command(market::PostJob{}),
        market::Command(market::Deposit{{}, Amount{27}, "reference"}), market::Command(market::CommitProof{}),
        market::Command(market::RegisterCircuit{}), market::Command(market::Restart{})}) {
    commands.Add(transparency::EncodeLeaf(engine::EncodeCommand({.command = command}, {})));
  }
  commands.Add(engine::EncodeAnswer(market::Answer{}));
  miner::CommitRecord record;
  record.public_inputs = std::string(32, '\1');
  const std::string journal = miner::EncodeCommitRecord(record);
  Seeds records(root, "commit_record");
  records.Add(journal);
  records.Add(journal.substr(0, journal.size() - 32));  // the target puts the checksum there
  Seeds(root, "signing_key").Add(SigningKey::FromSeed(Sha256(AsBytes("seed"))).Serialize());
  Seeds settings(root, "settings");
  settings.Add("name = \"a b\"\n[limits]\nqueue = 7\nstrict = true\n");
  settings.Add("name = 'x' # why\n[limits]\nqueue = 0x10\n");
}

}  // namespace
}  // namespace prooflode

int main(int argc, char** argv) {
  using namespace prooflode;
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  Containers(argv[1], "zkey", toy::KeyBytes());
  Containers(argv[1], "wtns", toy::CubeWitnessBytes());
  Containers(argv[1], "r1cs", toy::CubeBytes());
  Json(argv[1]);
  Records(argv[1]);
  Lines(argv[1]);
  return 0;
}
