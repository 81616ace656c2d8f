// A reader that is cancelled stops at its next look at the token: nothing later in the file is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "prover/format/toy_files.h"
#include "prover/format/zkey.h"

namespace prooflode {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// What reading gives when the token is cancelled after 0, 1, 2, … looks, up to the first that is not
// kCancelled, which comes last.
std::vector<Status> CancelledAtEveryPoll(const std::function<Status(const CancelToken*)>& read) {
  std::vector<Status> results;
  do {
    CancelToken cancel;
    cancel.CancelAfterPolls(static_cast<int64_t>(results.size()));
    results.push_back(read(&cancel));
  } while (results.back().code() == absl::StatusCode::kCancelled && results.size() < 10000);
  return results;
}

UniqueFd KeyFile(const groth16::ProvingKey& key) {
  return toy::MemoryFile(toy::Written([&](const std::string& path) { return WriteZkey(path, key); }));
}

class CancelZkey : public testing::Test {
 protected:
  CancelZkey() : key_(toy::Key()) {
    key_.coefficients.resize(15'000);  // three buffers
  }
  std::vector<Status> Read(const UniqueFd& fd, bool check_subgroup = false) {
    return CancelledAtEveryPoll([&](const CancelToken* cancel) {
      return ReadZkeyFd(fd.get(), "toy",
                        {.check_g2_subgroup = check_subgroup, .random = &random_, .cancel = cancel}, pool_)
          .status();
    });
  }

  groth16::ProvingKey key_;
  SimRandom random_{1};
  ThreadPool pool_{3};
};

TEST_F(CancelZkey, StopsAtEveryLook) {
  const std::vector<Status> results = Read(KeyFile(key_));
  EXPECT_TRUE(results.back().ok()) << results.back();
  // The container, protocol, header, contributions, coefficients, and six sections of points: each is looked
  // at before its memory is taken and before it is read, the coefficients for every buffer.
  EXPECT_GE(results.size() - 1, 4 + 4 + 2 * 6);
  EXPECT_THAT(std::string(results.front().message()), HasSubstr("toy: reading was cancelled"));
}

TEST_F(CancelZkey, ReadsNothingAfterwards) {
  // A bad point in the section that is read last is found by nobody who stopped before it.
  const size_t all = Read(KeyFile(key_)).size();
  key_.h[0].x += Fq::One();
  const std::vector<Status> bad_last = Read(KeyFile(key_));
  EXPECT_EQ(bad_last.back().code(), absl::StatusCode::kInvalidArgument) << bad_last.back();
  EXPECT_THAT(bad_last, SizeIs(all));  // the last look is the one before the section is read
  key_.coefficients[14'999].signal = 1000;
  const std::vector<Status> bad_coefficient = Read(KeyFile(key_));
  EXPECT_THAT(std::string(bad_coefficient.back().message()), HasSubstr("coefficients"));
  EXPECT_LT(bad_coefficient.size(), all - 6);
}

TEST_F(CancelZkey, StopsWithinTheTestOfSubgroups) {
  const UniqueFd fd = KeyFile(key_);
  const size_t without = Read(fd).size();
  const std::vector<Status> with = Read(fd, true);
  EXPECT_TRUE(with.back().ok()) << with.back();
  EXPECT_GT(with.size(), without);
}

TEST(CancelWtns, StopsAtEveryBlock) {
  Witness witness;
  witness.values.assign(30'000, Limbs{1, 0, 0, 0});  // four blocks
  const UniqueFd fd =
      toy::MemoryFile(toy::Written([&](const std::string& path) { return WriteWtns(path, witness); }));
  const auto results = CancelledAtEveryPoll(
      [&](const CancelToken* cancel) { return ReadWtnsFd(fd.get(), "toy", cancel).status(); });
  EXPECT_TRUE(results.back().ok()) << results.back();
  EXPECT_GE(results.size() - 1, 1 + 1 + 4);
}

}  // namespace
}  // namespace prooflode
