// The artifact store on a disk behind the server, used by the client over the network.
#include "coordinator/adapters.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "coordinator/api/artifact_fixture_test.h"

namespace prooflode::coordinator {
namespace {

constexpr size_t kMebibyte = size_t{1} << 20;

class StoreTest : public api::ArtifactTest {
 protected:
  StoreTest() {
    content_.resize(3 * kMebibyte + 17);
    for (size_t i = 0; i < content_.size(); ++i) content_[i] = static_cast<char>(i * i >> 3);
    Restart();
  }
  ~StoreTest() override {
    End();  // before the store goes
    artifact_port_ = &artifacts_;
    Begin();
  }
  void Restart() {
    End();
    adapter_.reset();
    store_on_disk_.reset();
    auto store = artifacts::ArtifactStore::Open(
        folder_ + "/store",
        {.artifact_bytes_max = 4 * kMebibyte, .store_bytes_max = 9 * kMebibyte, .free_bytes_min = 0}, clock_,
        metrics_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_on_disk_ = *std::move(store);
    adapter_ = std::make_unique<ArtifactAdapter>(*store_on_disk_, metrics_);
    artifact_port_ = adapter_.get();
    Begin();
  }
  // Uploads the first `count` bytes and breaks off.
  void UploadPart(api::Party& party, size_t count) {
    Stream stream(party, content_, content_.size());
    for (size_t at = 0; at < count; at += kMebibyte) {
      ASSERT_TRUE(stream.Send(content_.substr(at, std::min(kMebibyte, count - at))));
    }
    EXPECT_EQ(stream.Finish(), grpc::StatusCode::INVALID_ARGUMENT);  // bytes are missing
  }
  static std::string ReadBack(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  std::string content_;
  std::unique_ptr<artifacts::ArtifactStore> store_on_disk_;
  std::unique_ptr<ArtifactAdapter> adapter_;
};

TEST_F(StoreTest, AnUploadGoesOnWhereItBrokeOffAlsoAfterARestart) {
  api::Party party = Join(1, v1::ROLE_REQUESTER);
  UploadPart(party, kMebibyte + 5);
  Restart();
  ASSERT_TRUE(party.calls->GetAccount({}).ok());  // connects and logs in again
  EXPECT_EQ(Stat(party, content_).partial_bytes(), kMebibyte + 5);
  uint64_t first = 0;
  const auto note = [&](uint64_t done, uint64_t) { first = first == 0 ? done : first; };
  const auto uploaded =
      client::Upload(*party.connection, Write(content_), v1::ARTIFACT_KIND_WITNESS, {.progress = note});
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  EXPECT_EQ(first, 2 * kMebibyte + 5);
  EXPECT_TRUE(Stat(party, content_).complete());
  EXPECT_EQ(ReadBack(store_on_disk_->PathOf(uploaded->digest)), content_);
}

TEST_F(StoreTest, ADownloadGoesOnWhereItBrokeOff) {
  api::Party party = Join(1, v1::ROLE_REQUESTER);
  ASSERT_TRUE(Upload(party, content_).ok());
  Restart();
  ASSERT_TRUE(Upload(party, content_).ok());  // who has a file is not kept over a restart
  const std::string path = folder_ + "/download";
  std::ofstream(path + ".partial") << content_.substr(0, kMebibyte + 5);
  uint64_t first = 0;
  const auto note = [&](uint64_t done, uint64_t) { first = first == 0 ? done : first; };
  const Digest digest = Sha256(AsBytes(content_));
  const Status status =
      client::Download(*party.connection, digest, content_.size(), path, {.progress = note});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(first, 2 * kMebibyte + 5);
  EXPECT_EQ(ReadBack(path), content_);
  api::Party stranger = Join(2, v1::ROLE_REQUESTER);
  EXPECT_EQ(client::Download(*stranger.connection, digest, content_.size(), path + "2").code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(StoreTest, ADownloadMakesGoodWhatAnotherSourceLeft) {
  api::Party party = Join(1, v1::ROLE_REQUESTER);
  ASSERT_TRUE(Upload(party, content_).ok());
  const std::string path = folder_ + "/download";
  const Digest digest = Sha256(AsBytes(content_));
  for (const size_t left : {kMebibyte, content_.size()}) {
    std::ofstream(path + ".partial") << std::string(left, 'x');
    uint64_t received = 0;
    const Status status =
        client::Download(*party.connection, digest, content_.size(), path, {.received = &received});
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(received, 2 * content_.size() - left);
    EXPECT_EQ(ReadBack(path), content_);
    std::filesystem::remove(path);
  }
}

TEST_F(StoreTest, WhatIsNotWhatItWasSaidToBeIsThrownAway) {
  api::Party party = Join(1, v1::ROLE_REQUESTER);
  const std::string other(content_.size(), 'x');
  {
    Stream stream(party, content_, content_.size());
    for (size_t at = 0; at < other.size(); at += kMebibyte) stream.Send(other.substr(at, kMebibyte));
    EXPECT_EQ(stream.Finish(), grpc::StatusCode::DATA_LOSS);
  }
  EXPECT_EQ(Stat(party, content_).partial_bytes(), 0u);
  EXPECT_EQ(store_on_disk_->used_bytes(), 0u);
  EXPECT_EQ(Upload(party, std::string(4 * kMebibyte + 1, 'y')).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Upload(party, content_).ok());
}

}  // namespace
}  // namespace prooflode::coordinator
