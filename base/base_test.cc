#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "base/bounded_queue.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include "base/files.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/real_env.h"
#include "base/sim/sim_env.h"
#include "base/thread_pool.h"
#include "base/units.h"

namespace prooflode {
namespace {

TEST(Bytes, HexIsExact) {
  const std::string raw("\x00\xff\x1a", 3);
  EXPECT_EQ(HexEncode(AsBytes(raw)), "00ff1a");
  EXPECT_EQ(HexDecode("00ff1a"), raw);
  EXPECT_EQ(HexDecode("00FF1A"), std::nullopt);
  EXPECT_EQ(HexDecode("0"), std::nullopt);
  EXPECT_EQ(HexDecode("zz"), std::nullopt);
}

TEST(Units, MoneyNeverWraps) {
  const Amount most{std::numeric_limits<uint64_t>::max()};
  EXPECT_EQ(CheckedAdd(most, Amount{1}), std::nullopt);
  EXPECT_EQ(CheckedSub(Amount{1}, Amount{2}), std::nullopt);
  EXPECT_EQ(CheckedAdd(Amount{1}, Amount{2}), Amount{3});
}

TEST(Crypto, Sha256OfAbc) {
  EXPECT_EQ(HexEncode(Sha256(AsBytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256Stream stream;
  stream.Update(AsBytes("a"));
  stream.Update(AsBytes("bc"));
  EXPECT_EQ(stream.Finish(), Sha256(AsBytes("abc")));
}

TEST(Crypto, Ed25519KeyOfRfc8032AndDomains) {
  const auto seed = DigestFromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const SigningKey key = SigningKey::FromSeed(*seed);
  EXPECT_EQ(HexEncode(key.public_key()), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const Signature signature = key.Sign("test", AsBytes("message"));
  EXPECT_TRUE(VerifySignature(key.public_key(), "test", AsBytes("message"), signature));
  EXPECT_FALSE(VerifySignature(key.public_key(), "other", AsBytes("message"), signature));
  EXPECT_FALSE(VerifySignature(key.public_key(), "test", AsBytes("massage"), signature));
  const auto parsed = SigningKey::Parse(key.Serialize());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->public_key(), key.public_key());
}

TEST(Crypto, KeyFileThatOthersMayReadIsRefused) {
  RealRandom random;
  const std::string path = absl::StrCat(testing::TempDir(), "/prooflode_base_test_", getpid(), ".key");
  unlink(path.c_str());
  ASSERT_TRUE(CreateSigningKey(path, random).ok());
  EXPECT_EQ(CreateSigningKey(path, random).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(LoadSigningKey(path).ok());
  chmod(path.c_str(), 0644);
  EXPECT_EQ(LoadSigningKey(path).status().code(), absl::StatusCode::kFailedPrecondition);
  unlink(path.c_str());
}

TEST(Crypto, WhatIsNoKeyFileIsCalledThatWhateverItsMode) {
  const std::string path = absl::StrCat(testing::TempDir(), "/prooflode_base_test_", getpid(), ".nokey");
  for (const std::string& text : {std::string("zkey\1\0\0\0", 8), std::string(), std::string(1 << 20, 'x')}) {
    ASSERT_TRUE(ReplaceFileDurably(path, AsBytes(text), 0644).ok());
    const Status status = LoadSigningKey(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(path + ": not a prooflode key"));
  }
  unlink(path.c_str());
  const Status folder = LoadSigningKey(testing::TempDir()).status();
  EXPECT_THAT(std::string(folder.message()), testing::HasSubstr("not a regular file"));
  EXPECT_EQ(LoadSigningKey(path).status().code(), absl::StatusCode::kNotFound);
}

TEST(Printable, TerminalsObeyNothing) {
  EXPECT_EQ(Printable("a\x1b[2J\n\x7f"), "a?[2J??");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "??2J");
  EXPECT_EQ(Printable("M\xc3\xbcnze \xe2\x82\xac \xc2"), "M\xc3\xbcnze \xe2\x82\xac \xc2");
}

TEST(Files, LimitsAndKinds) {
  const std::string path = absl::StrCat(testing::TempDir(), "/prooflode_base_test_", getpid(), ".txt");
  ASSERT_TRUE(ReplaceFileDurably(path, AsBytes("hello")).ok());
  EXPECT_EQ(ReadFile(path, 5).value(), "hello");
  EXPECT_EQ(ReadFile(path, 4).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReadFile(testing::TempDir(), 5).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadFile(path + ".absent", 5).status().code(), absl::StatusCode::kNotFound);
  unlink(path.c_str());
}

TEST(Files, SymbolicLinkStaysAndItsTargetIsReplaced) {
  const std::string target = testing::TempDir() + "/prooflode_base_test.target";
  const std::string link = testing::TempDir() + "/prooflode_base_test.link";
  unlink(link.c_str());
  ASSERT_TRUE(ReplaceFileDurably(target, AsBytes("old")).ok());
  ASSERT_EQ(symlink(target.c_str(), link.c_str()), 0);
  ASSERT_TRUE(ReplaceFileDurably(link, AsBytes("new")).ok());
  struct stat info;
  ASSERT_EQ(lstat(link.c_str(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
  EXPECT_EQ(ReadFile(target, 9).value(), "new");
  unlink(target.c_str());
  EXPECT_EQ(ReplaceFileDurably(link, AsBytes("x")).code(), absl::StatusCode::kNotFound);
  unlink(link.c_str());
}

TEST(Files, PipeIsWrittenToAndStays) {
  const std::string path = testing::TempDir() + "/prooflode_base_test.pipe";
  unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  // Open for reading too, so that the writer does not wait.
  const UniqueFd reader(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(reader.valid());
  ASSERT_TRUE(ReplaceFileDurably(path, AsBytes("hello")).ok());
  char got[8] = {};
  EXPECT_EQ(read(reader.get(), got, sizeof(got)), 5);
  EXPECT_STREQ(got, "hello");
  struct stat info;
  ASSERT_EQ(lstat(path.c_str(), &info), 0);
  EXPECT_TRUE(S_ISFIFO(info.st_mode));
  unlink(path.c_str());
}

TEST(Files, ReplacementThatIsNotCommittedChangesNothing) {
  const std::string path = testing::TempDir() + "/prooflode_base_test.kept";
  ASSERT_TRUE(ReplaceFileDurably(path, AsBytes("old")).ok());
  {
    const auto file = FileReplacement::Open(path);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(WriteAll(file->fd(), AsBytes("new"), path).ok());
    EXPECT_EQ(ReadFile(path, 9).value(), "old");
  }
  EXPECT_EQ(ReadFile(path, 9).value(), "old");
  EXPECT_NE(access((path + ".tmp." + std::to_string(getpid())).c_str(), F_OK), 0);
  unlink(path.c_str());
}

// What happened to the files of a folder since the last call, in order: "- name" for a removed one, "> name"
// for one that was renamed into place.
std::vector<std::string> FolderEvents(int inotify) {
  std::vector<std::string> events;
  alignas(inotify_event) char buffer[4096];
  const ssize_t size = read(inotify, buffer, sizeof(buffer));
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
    events.push_back(std::string(event->mask & IN_DELETE ? "- " : "> ") + event->name);
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
  }
  return events;
}

TEST(Files, OfAPairTheSecondNeverStandsBesideAStrangersFirst) {
  std::string folder = testing::TempDir() + "/prooflode_pair_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string first = folder + "/public";
  const std::string second = folder + "/proof";
  const UniqueFd inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  ASSERT_GE(inotify_add_watch(inotify.get(), folder.c_str(), IN_DELETE | IN_MOVED_TO), 0);
  const auto replace = [&](const char* a, const char* b) {
    return ReplacePairDurably(first, AsBytes(a), second, AsBytes(b));
  };
  using Events = std::vector<std::string>;
  ASSERT_TRUE(replace("1", "a").ok());
  EXPECT_EQ(FolderEvents(inotify.get()), (Events{"> public", "> proof"}));
  ASSERT_TRUE(replace("2", "b").ok());
  EXPECT_EQ(FolderEvents(inotify.get()), (Events{"- proof", "> public", "> proof"}));
  ASSERT_TRUE(replace("2", "c").ok());  // the old second is right beside the new first
  EXPECT_EQ(FolderEvents(inotify.get()), (Events{"> public", "> proof"}));
  EXPECT_EQ(ReadFile(first, 9).value() + ReadFile(second, 9).value(), "2c");
  // A second that cannot be written changes nothing.
  EXPECT_EQ(ReplacePairDurably(first, AsBytes("3"), folder + "/none/proof", AsBytes("d")).code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(FolderEvents(inotify.get()), (Events{"- public.tmp." + std::to_string(getpid())}));
  EXPECT_EQ(ReadFile(first, 9).value() + ReadFile(second, 9).value(), "2c");
  std::filesystem::remove_all(folder);
}

TEST(BoundedQueue, RefusesWhenFullAndDrainsWhenClosed) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.TryPush(1));
  EXPECT_TRUE(queue.TryPush(2));
  EXPECT_FALSE(queue.TryPush(3));
  queue.Close();
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.PopBatch(9, std::chrono::microseconds(0)), std::vector<int>{2});
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(Random, SimulatedIsRepeatableAndBelowIsInRange) {
  SimRandom a(7);
  SimRandom b(7);
  SimRandom c(8);
  const uint64_t first = a.Next64();
  EXPECT_EQ(first, b.Next64());
  EXPECT_NE(first, c.Next64());
  for (int i = 0; i < 1000; ++i) EXPECT_LT(a.Below(3), 3u);
}

TEST(ThreadPool, EveryChunkOnceAlsoNested) {
  ThreadPool pool(4);
  std::vector<std::atomic<int>> counts(1000);
  pool.ParallelFor(10, [&](size_t i) { pool.ParallelFor(100, [&](size_t j) { ++counts[i * 100 + j]; }); });
  for (const auto& count : counts) EXPECT_EQ(count.load(), 1);
}

TEST(ThreadPool, ManyShortLoops) {
  ThreadPool pool(3);
  size_t sum = 0;
  for (int round = 0; round < 2000; ++round) {
    std::atomic<size_t> total{0};
    pool.ParallelFor(7, [&](size_t i) { total += i; });
    sum += total;
  }
  EXPECT_EQ(sum, 2000u * 21u);
}

TEST(ThreadPool, ExceptionOfALibraryReachesTheCaller) {
  ThreadPool pool(4);
  for (int round = 0; round < 100; ++round) {
    EXPECT_THROW(pool.ParallelFor(1000,
                                  [&](size_t i) {
                                    if (i % 10 == 3) (void)std::vector<int>().at(i);
                                  }),
                 std::out_of_range);
    // Nested: through the inner loop and the outer one.
    EXPECT_THROW(
        pool.ParallelFor(
            4, [&](size_t) { pool.ParallelFor(4, [](size_t i) { (void)std::vector<int>().at(i); }); }),
        std::out_of_range);
  }
  std::atomic<int> count{0};
  pool.ParallelFor(100, [&](size_t) { ++count; });
  EXPECT_EQ(count.load(), 100);
}

TEST(ThreadPool, NoChunkIsClaimedAfterAnException) {
  ThreadPool pool(2);
  std::atomic<int> count{0};
  EXPECT_THROW(pool.ParallelFor(1u << 30,
                                [&](size_t i) {
                                  ++count;
                                  (void)std::vector<int>().at(i);
                                }),
               std::out_of_range);
  EXPECT_LE(count.load(), 2);
}

#if !defined(PROOFLODE_SANITIZED)
TEST(ThreadPoolDeathTest, WorksWithTheThreadsThatCouldStart) {
  const auto run = [] {
    const rlimit limit{uint64_t{2} << 30, uint64_t{2} << 30};  // room for fewer than 256 stacks
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(1);
    ThreadPool pool(4000);
    std::atomic<int> count{0};
    pool.ParallelFor(10000, [&](size_t) { ++count; });
    _exit(count == 10000 && pool.threads() > 1 && pool.threads() < 4000 ? 0 : 2);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}
#endif

TEST(LogTest, FieldsAreMembersInJsonAlone) {
  const auto logged = [](bool json) {
    testing::internal::CaptureStderr();
    InitLog({.json = json});
    Log(LogLevel::kInfo, "net", "WON", {{"margin_us", -5}, {"paid_units", 7}});
    return testing::internal::GetCapturedStderr();
  };
  const std::string line = logged(true);
  EXPECT_NE(line.find("\"margin_us\":-5"), std::string::npos) << line;
  EXPECT_NE(line.find("\"paid_units\":7"), std::string::npos) << line;
  EXPECT_NE(line.find("\"message\":\"WON\""), std::string::npos) << line;
  EXPECT_EQ(logged(false).find("margin_us"), std::string::npos);
}

}  // namespace
}  // namespace prooflode
