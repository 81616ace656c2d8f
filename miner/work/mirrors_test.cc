#include "miner/work/mirrors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/http/http_server_test.h"
#include "base/sim/sim_env.h"

namespace prooflode::miner {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class MirrorsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/prooflode-mirrors-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/key";
    options_.limits.address_allowed = [](const sockaddr*) { return true; };
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  StatusOr<bool> Fetch(Mirrors& mirrors, const std::vector<std::string>& urls) {
    tries_.clear();
    std::filesystem::remove(path_);
    return mirrors.Fetch(urls, Sha256(AsBytes(content_)), content_.size(), path_, cancel_,
                         [this](const Mirrors::Try& tried) { tries_.push_back(tried); });
  }
  StatusOr<bool> Fetch(const std::vector<std::string>& urls) {
    Mirrors mirrors(options_, clock_, random_);
    return Fetch(mirrors, urls);
  }
  bool IsThere() const { return ReadFile(path_, 1 << 20).value_or("") == content_; }
  uint64_t PartialBytes() const {
    std::error_code none;
    const auto size = std::filesystem::file_size(path_ + ".partial", none);
    return none ? 0 : size;
  }
  void Have(const std::string& partial) { std::ofstream(path_ + ".partial") << partial; }

  std::string folder_;
  std::string path_;
  const std::string content_ = std::string(5000, 'k') + "ey";
  const std::string forged_ = std::string(5000, 'K') + "ey";
  MirrorOptions options_;
  SimClock clock_;
  SimRandom random_{1};
  CancelToken cancel_;
  std::vector<Mirrors::Try> tries_;
};

TEST_F(MirrorsTest, AKeyComesFromAMirror) {
  TestHttpServer server(ServeFile(content_));
  EXPECT_TRUE(Fetch({server.Url("/key")}).value());
  EXPECT_TRUE(IsThere());
  ASSERT_EQ(tries_.size(), 1u);
  EXPECT_EQ(tries_[0].host, absl::StrCat("127.0.0.1:", server.port()));
  EXPECT_EQ(tries_[0].bytes, content_.size());
  EXPECT_EQ(tries_[0].fault, "");
}

TEST_F(MirrorsTest, NothingIsAskedWhereTheyAreOffOrNoneIsNamed) {
  TestHttpServer server(ServeFile(content_));
  EXPECT_FALSE(Fetch({}).value());
  options_.enabled = false;
  EXPECT_FALSE(Fetch({server.Url("/key")}).value());
  EXPECT_THAT(server.requests(), IsEmpty());
  EXPECT_THAT(tries_, IsEmpty());
}

TEST_F(MirrorsTest, OrdinaryMinersTalkToPublicAddressesAlone) {
  TestHttpServer server(ServeFile(content_));
  options_ = {};
  EXPECT_FALSE(Fetch({server.Url("/key")}).value());
  EXPECT_THAT(server.requests(), IsEmpty());
  ASSERT_EQ(tries_.size(), 1u);
  EXPECT_THAT(tries_[0].fault, HasSubstr("not public"));
}

TEST_F(MirrorsTest, AnotherFileIsNeverTakenAndTheNextMirrorIsAsked) {
  TestHttpServer bad(ServeFile(forged_));
  TestHttpServer good(ServeFile(content_));
  int found_both = 0;
  for (int i = 0; i < 20; ++i) {  // random order: the bad one is first in some
    EXPECT_TRUE(Fetch({bad.Url("/key"), good.Url("/key")}).value());
    EXPECT_TRUE(IsThere());
    if (tries_.size() < 2) continue;
    ++found_both;
    EXPECT_THAT(tries_[0].fault, HasSubstr("SHA-256"));
    EXPECT_EQ(tries_[0].bytes, forged_.size());
    EXPECT_EQ(tries_[1].fault, "");
  }
  EXPECT_GT(found_both, 0);
  EXPECT_LT(found_both, 20);
  EXPECT_FALSE(Fetch({bad.Url("/key")}).value());
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_EQ(PartialBytes(), 0u);  // none of it is left to the coordinator
}

TEST_F(MirrorsTest, OneGoesOnWhereAnotherStopped) {
  TestHttpServer server(ServeFile(content_));
  Have(content_.substr(0, 4000));
  EXPECT_TRUE(Fetch({server.Url("/key")}).value());
  EXPECT_TRUE(IsThere());
  EXPECT_EQ(tries_[0].bytes, 1002u);
}

TEST_F(MirrorsTest, WhatAnotherLeftIsNotBlamedOnIt) {
  TestHttpServer server(ServeFile(content_));
  Have(forged_.substr(0, 4000));
  EXPECT_TRUE(Fetch({server.Url("/key")}).value());
  EXPECT_TRUE(IsThere());
  EXPECT_EQ(tries_[0].bytes, 1002u + content_.size());
  EXPECT_EQ(tries_[0].fault, "");
  Have(forged_);  // whole in size
  EXPECT_TRUE(Fetch({server.Url("/key")}).value());
  EXPECT_TRUE(IsThere());
  Have(content_);
  EXPECT_TRUE(Fetch({server.Url("/key")}).value());
  EXPECT_EQ(tries_[0].bytes, 0u);
}

TEST_F(MirrorsTest, AWrongFileIsFetchedNoOftenerThanItMustBe) {
  // No ranges: the whole comes at once, although something was there.
  TestHttpServer server([&](const std::string&) { return Answer("200 OK", forged_); });
  Have(content_.substr(0, 10));
  EXPECT_FALSE(Fetch({server.Url("/key")}).value());
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(tries_[0].bytes, forged_.size());
}

TEST_F(MirrorsTest, AFailedMirrorIsLeftAloneForAnHour) {
  int calls = 0;
  TestHttpServer server([&](const std::string& request) {
    return ++calls == 1 ? Answer("503 Service Unavailable", "") : ServeFile(content_)(request);
  });
  Mirrors mirrors(options_, clock_, random_);
  const std::vector<std::string> urls = {server.Url("/key"), server.Url("/key")};  // the same twice is one
  EXPECT_FALSE(Fetch(mirrors, urls).value());
  EXPECT_EQ(tries_.size(), 1u);
  EXPECT_EQ(tries_[0].fault, "answers 503");
  clock_.Advance(Seconds(3599));
  EXPECT_FALSE(Fetch(mirrors, urls).value());
  EXPECT_THAT(tries_, IsEmpty());
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_TRUE(Fetch(mirrors, {server.Url("/other")}).value());  // of the same host
  clock_.Advance(Seconds(1));
  EXPECT_TRUE(Fetch(mirrors, urls).value());
}

TEST_F(MirrorsTest, ACancellationEndsItAndBlamesNobody) {
  TestHttpServer server([&](const std::string&) {
    return TestAnswer{.pieces = {"HTTP/1.1 200 OK\r\n\r\n", content_.substr(0, 1000)}, .hold = true};
  });
  Mirrors mirrors(options_, clock_, random_);
  cancel_.CancelAfterPolls(3);
  EXPECT_EQ(Fetch(mirrors, {server.Url("/a"), server.Url("/b")}).status().code(),
            absl::StatusCode::kCancelled);
  ASSERT_EQ(tries_.size(), 1u);
  EXPECT_EQ(tries_[0].fault, "");
  EXPECT_FALSE(tries_[0].whole);
}

}  // namespace
}  // namespace prooflode::miner
