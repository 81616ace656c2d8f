// The memory that checking a stranger's circuit takes, counted, against what is promised: its files and 64
// MB.
#include <gtest/gtest.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/sim/sim_env.h"
#include "coordinator/verify/file_checks.h"
#include "prover/format/zkey.h"
#include "prover/groth16/prove.h"
#include "prover/groth16/test_circuits.h"
#include "prover/testing/heap_meter.h"

namespace prooflode::verify {
namespace {

constexpr uint64_t kMega = 1 << 20;

// A file that has no name any more.
template <typename T>
UniqueFd FileOf(Status (*write)(const std::string&, const T&), const T& content) {
  const std::string path = absl::StrCat(testing::TempDir(), "/prooflode-verify-memory-", getpid());
  EXPECT_TRUE(write(path, content).ok());
  StatusOr<UniqueFd> fd = OpenForReading(path);
  EXPECT_TRUE(fd.ok()) << fd.status();
  unlink(path.c_str());
  return *std::move(fd);
}

// Few constraints in a large domain, so that what a row costs beside the files would show: 2^18 numbers are
// 8 MB.
TEST(CheckCircuitMemory, IsNoMoreThanTheFilesAndBuffers) {
  SimRandom random(1);
  ThreadPool pool(1);
  const ConstraintSystem system = groth16::ProductCircuit();
  StatusOr<groth16::ProvingKey> made = groth16::InsecureSetup(system, random, pool);
  ASSERT_TRUE(made.ok()) << made.status();
  made->log_domain = 18;
  made->h.assign(made->domain_size(), G1Generator());
  const UniqueFd zkey = FileOf(&WriteZkey, *made);
  const UniqueFd r1cs = FileOf(&WriteR1cs, system);
  *made = {};
  const uint64_t zkey_bytes = *FileSize(zkey.get(), "zkey");
  const uint64_t r1cs_bytes = *FileSize(r1cs.get(), "r1cs");
  const HeapMeter meter;
  const auto circuit = CheckCircuit({zkey.get(), {}, zkey_bytes, "zkey"},
                                    OpenFile{r1cs.get(), {}, r1cs_bytes, "r1cs"}, false, {}, random, pool);
  ASSERT_TRUE(circuit.ok()) << circuit.status();
  EXPECT_EQ(circuit->domain_size, uint64_t{1} << 18);
  EXPECT_GE(meter.Peak(), zkey_bytes / 2) << "the meter does not count";
  EXPECT_LE(meter.Peak(), zkey_bytes + r1cs_bytes + 2 * kMega);
}

}  // namespace
}  // namespace prooflode::verify
