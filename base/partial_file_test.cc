#include "base/partial_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace prooflode {
namespace {

class PartialFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/prooflode-partial-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/file";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  PartialFile Open(uint64_t size) {
    auto file = PartialFile::Open(path_, size, nullptr);
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }
  std::string Content() const { return ReadFile(path_, 1 << 20).value_or("none"); }

  std::string folder_;
  std::string path_;
  const std::string text_ = "what was wanted";
  const Digest digest_ = Sha256(AsBytes(text_));
};

TEST_F(PartialFileTest, GoesOnWhereAnEarlierOneStopped) {
  EXPECT_TRUE(Open(text_.size()).Append(AsBytes(text_.substr(0, 6))).ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
  PartialFile file = Open(text_.size());
  EXPECT_EQ(file.done(), 6u);
  EXPECT_TRUE(file.Append(AsBytes(text_.substr(6))).ok());
  const Status finished = file.Finish(digest_);
  EXPECT_TRUE(finished.ok()) << finished;
  EXPECT_EQ(Content(), text_);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".partial"));
}

TEST_F(PartialFileTest, AWrongDigestPutsNothingInPlaceAndItCanBeginAnew) {
  PartialFile file = Open(text_.size());
  EXPECT_TRUE(file.Append(AsBytes(std::string(text_.size(), 'x'))).ok());
  EXPECT_EQ(file.Finish(digest_).code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_TRUE(file.Restart().ok());
  EXPECT_EQ(file.done(), 0u);
  EXPECT_TRUE(file.Append(AsBytes(text_)).ok());
  EXPECT_TRUE(file.Finish(digest_).ok());
  EXPECT_EQ(Content(), text_);
}

TEST_F(PartialFileTest, NoMoreThanItsSizeIsTaken) {
  std::ofstream(path_ + ".partial") << text_ << "and more";
  PartialFile file = Open(text_.size());
  EXPECT_EQ(file.done(), 0u);
  EXPECT_EQ(std::filesystem::file_size(path_ + ".partial"), 0u);
  EXPECT_EQ(file.Append(AsBytes(text_ + "!")).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(std::filesystem::file_size(path_ + ".partial"), 0u);
}

TEST_F(PartialFileTest, NoLinkIsFollowedAndHashingIsCancelled) {
  std::ofstream(path_ + ".partial") << text_;
  CancelToken cancel;
  cancel.Cancel();
  EXPECT_EQ(PartialFile::Open(path_, 100, &cancel).status().code(), absl::StatusCode::kCancelled);
  Open(100).Remove();
  EXPECT_FALSE(std::filesystem::exists(path_ + ".partial"));
  std::ofstream(folder_ + "/precious") << "mine";
  std::filesystem::create_symlink(folder_ + "/precious", path_ + ".partial");
  EXPECT_FALSE(PartialFile::Open(path_, 1, nullptr).ok());
  EXPECT_EQ(ReadFile(folder_ + "/precious", 100).value_or(""), "mine");
}

}  // namespace
}  // namespace prooflode
