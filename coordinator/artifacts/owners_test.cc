#include "coordinator/artifacts/owners.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "base/check.h"

namespace prooflode::artifacts {
namespace {

class OwnersTest : public testing::Test {
 protected:
  OwnersTest() {
    folder_ = testing::TempDir() + "/pl_owners_XXXXXX";
    PL_CHECK(mkdtemp(folder_.data()) != nullptr);
  }
  ~OwnersTest() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Owners> Open(size_t most = Owners::kMost) {
    return Owners::Open(folder_ + "/owners", most).value();
  }
  size_t FileCount() const {
    const std::filesystem::directory_iterator files(folder_ + "/owners");
    return static_cast<size_t>(std::distance(begin(files), end(files)));
  }
  static Digest Of(uint8_t n) {
    Digest digest{};
    digest.fill(n);
    return digest;
  }
  std::string folder_;
};

TEST_F(OwnersTest, AreRememberedAndForgottenWithTheFile) {
  {
    const auto owners = Open();
    ASSERT_TRUE(owners->Add(Of(1), Of(10)).ok());
    ASSERT_TRUE(owners->Add(Of(1), Of(10)).ok());
    ASSERT_TRUE(owners->Add(Of(2), Of(10)).ok());
    ASSERT_TRUE(owners->Add(Of(2), Of(11)).ok());
    EXPECT_FALSE(owners->Has(Of(1), Of(11)));
  }
  const auto owners = Open();
  EXPECT_TRUE(owners->Has(Of(1), Of(10)));
  EXPECT_TRUE(owners->Has(Of(2), Of(10)));
  owners->Forget(Of(10));
  EXPECT_FALSE(owners->Has(Of(1), Of(10)));
  EXPECT_FALSE(owners->Has(Of(2), Of(10)));
  EXPECT_TRUE(owners->Has(Of(2), Of(11)));
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(OwnersTest, TheOldestClaimsMakeRoom) {
  const auto owners = Open(2);
  for (const uint8_t n : std::to_array<uint8_t>({1, 2, 1, 3})) ASSERT_TRUE(owners->Add(Of(n), Of(9)).ok());
  EXPECT_TRUE(owners->Has(Of(1), Of(9)));
  EXPECT_FALSE(owners->Has(Of(2), Of(9)));
  EXPECT_TRUE(owners->Has(Of(3), Of(9)));
  EXPECT_EQ(FileCount(), 2u);
}

TEST_F(OwnersTest, OtherFilesAreLeftAlone) {
  Open();
  const std::string stray = folder_ + "/owners/" + std::string(129, 'x');
  std::ofstream(stray) << "x";
  EXPECT_FALSE(Open()->Has(Of(0), Of(0)));
  EXPECT_TRUE(std::filesystem::exists(stray));
}

}  // namespace
}  // namespace prooflode::artifacts
