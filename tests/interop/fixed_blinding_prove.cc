// A test tool: proves with chosen blinding and prints the proof, so that it can be compared byte for byte
// with another prover's.
//
//   pl_fixed_blinding_prove ZKEY WTNS R S      R and S decimal, below 2^192
#include <cstdio>
#include <optional>
#include <string>

#include "base/thread_pool.h"
#include "prover/format/json.h"
#include "prover/format/wtns.h"
#include "prover/format/zkey.h"
#include "prover/groth16/prove.h"

namespace prooflode {
namespace {

Fr FromDecimal(const std::string& digits) {
  Fr value;
  for (const char digit : digits)
    value = value * Fr::FromU64(10) + Fr::FromU64(static_cast<uint64_t>(digit - '0'));
  return value;
}

Status Run(char** argv) {
  ThreadPool pool(ThreadPool::UsableProcessors());
  PL_ASSIGN_OR_RETURN(const Witness witness, ReadWtns(argv[2]));
  PL_ASSIGN_OR_RETURN(const groth16::ProvingKey key, ReadZkey(argv[1], {.allow_insecure_setup = true}, pool));
  const groth16::Blinding blinding{.r = FromDecimal(argv[3]), .s = FromDecimal(argv[4])};
  PL_ASSIGN_OR_RETURN(const groth16::Proof proof, ProveWithBlindingForTest(key, witness, blinding, pool));
  std::puts(ProofToJson(proof).c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace prooflode

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: pl_fixed_blinding_prove ZKEY WTNS R S\n", stderr);
    return 2;
  }
  const prooflode::Status status = prooflode::Run(argv);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
