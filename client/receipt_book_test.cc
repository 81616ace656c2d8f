#include "client/receipt_book.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace prooflode::client {
namespace {

class ReceiptBookTest : public testing::Test {
 protected:
  ReceiptBookTest() {
    folder_ = std::filesystem::temp_directory_path() / absl::StrCat("pl_receipts_", getpid());
    std::filesystem::create_directories(folder_);
  }
  ~ReceiptBookTest() override { std::filesystem::remove_all(folder_); }

  static transparency::Receipt Numbered(uint64_t number) {
    transparency::Receipt receipt{.market = "m", .leaf_index = number, .leaf = "leaf"};
    receipt.tree.size = number + 1;
    return receipt;
  }
  std::vector<uint64_t> Read() {
    std::vector<uint64_t> numbers;
    const Status status = ReadReceipts(folder_, [&](const transparency::Receipt& r, const std::string&) {
      numbers.push_back(r.leaf_index);
    });
    EXPECT_TRUE(status.ok()) << status;
    return numbers;
  }

  std::string folder_;
};

TEST_F(ReceiptBookTest, KeepsWhatWasAppendedOverARestart) {
  EXPECT_TRUE(absl::IsNotFound(ReadReceipts(folder_, [](const auto&, const auto&) {})));
  {
    const auto book = ReceiptBook::Open(folder_).value();
    EXPECT_TRUE(book->largest_at_opening().empty());
    for (const uint64_t number : {3, 9, 5}) ASSERT_TRUE(book->Append(Numbered(number)).ok());
  }
  const auto book = ReceiptBook::Open(folder_).value();
  EXPECT_EQ(book->largest_at_opening(), std::vector{Numbered(9)});
  ASSERT_TRUE(book->Append(Numbered(11)).ok());
  EXPECT_EQ(Read(), (std::vector<uint64_t>{3, 9, 5, 11}));
}

TEST_F(ReceiptBookTest, IsBounded) {
  const auto book = ReceiptBook::Open(folder_, 1000).value();
  for (uint64_t number = 0; number < 50; ++number) ASSERT_TRUE(book->Append(Numbered(number)).ok());
  const std::vector<uint64_t> numbers = Read();
  EXPECT_LE(numbers.size(), 8u);
  EXPECT_GE(numbers.size(), 2u);
  EXPECT_EQ(numbers.back(), 49u);
  EXPECT_LE(std::filesystem::file_size(folder_ + "/receipts.jsonl"), 1000u);
}

TEST_F(ReceiptBookTest, ALineThatACrashCutIsDropped) {
  ASSERT_TRUE(ReceiptBook::Open(folder_).value()->Append(Numbered(1)).ok());
  std::ofstream(folder_ + "/receipts.jsonl", std::ios::app) << "{\"market\":\"m";
  const auto book = ReceiptBook::Open(folder_).value();
  ASSERT_TRUE(book->Append(Numbered(2)).ok());
  EXPECT_EQ(Read(), (std::vector<uint64_t>{1, 2}));
}

TEST_F(ReceiptBookTest, OtherDamageIsAnError) {
  std::ofstream(folder_ + "/receipts.jsonl") << "nonsense\n";
  EXPECT_TRUE(absl::IsDataLoss(ReceiptBook::Open(folder_).status()));
  const Status status = ReadReceipts(folder_, [](const auto&, const auto&) {});
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_NE(status.message().find("receipts.jsonl:1"), std::string::npos) << status;
}

TEST_F(ReceiptBookTest, ContradictionsAreAppended) {
  const std::string path = folder_ + "/fraud.jsonl";
  ASSERT_TRUE(KeepContradiction(path, "roots differ", "a\n", "b").ok());
  ASSERT_TRUE(KeepContradiction(path, "again", "c", "d").ok());
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(line, "{\"why\":\"roots differ\",\"first\":\"a\\n\",\"second\":\"b\"}");
  std::getline(in, line);
  EXPECT_EQ(line, "{\"why\":\"again\",\"first\":\"c\",\"second\":\"d\"}");
}

}  // namespace
}  // namespace prooflode::client
