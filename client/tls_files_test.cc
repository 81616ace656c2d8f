#include "client/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/certificates_test.h"

namespace prooflode::client {
namespace {

class TlsFilesTest : public testing::Test {
 protected:
  ~TlsFilesTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + name) << text;
    return folder_ + name;
  }
  std::string Refusal(const TlsFiles& files, const std::string& url = "https://a.example:1") {
    ChannelOptions channel{.url = url};
    const Status status = LoadTlsFiles(files, channel);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }

  static std::string MakeFolder() {
    const std::string folder = absl::StrCat(testing::TempDir(), "/pl_tls_files_", getpid(), "/");
    std::filesystem::create_directories(folder);
    return folder;
  }

  const std::string folder_ = MakeFolder();
  const TestCertificate authority_ = MakeCertificate("authority", nullptr);
  const TestCertificate client_ = MakeCertificate("client", &authority_);
  const std::string ca_ = Write("ca.pem", authority_.CertPem());
  const std::string cert_ = Write("cert.pem", client_.CertPem());
  const std::string key_ = Write("key.pem", client_.KeyPem());
};

TEST_F(TlsFilesTest, GoodFilesAreRead) {
  ChannelOptions channel{.url = "https://a.example:1"};
  ASSERT_TRUE(LoadTlsFiles({ca_, cert_, key_}, channel).ok());
  EXPECT_EQ(channel.ca_pem, authority_.CertPem());
  EXPECT_EQ(channel.client_cert_pem, client_.CertPem());
  EXPECT_EQ(channel.client_key_pem, client_.KeyPem());
  ChannelOptions plain{.url = "http://127.0.0.1:1"};
  EXPECT_TRUE(LoadTlsFiles({}, plain).ok());
}

TEST_F(TlsFilesTest, WhatIsWrongIsNamed) {
  using testing::HasSubstr;
  EXPECT_THAT(Refusal({.client_cert = cert_}), HasSubstr("go together"));
  EXPECT_THAT(Refusal({.client_key = key_}), HasSubstr("go together"));
  EXPECT_THAT(Refusal({.ca = key_}), HasSubstr("key.pem: holds no certificate"));
  EXPECT_THAT(Refusal({.client_cert = key_, .client_key = cert_}), HasSubstr("holds no certificate"));
  EXPECT_THAT(Refusal({.client_cert = cert_, .client_key = cert_}), HasSubstr("holds no private key"));
  EXPECT_THAT(Refusal({.client_cert = ca_, .client_key = key_}), HasSubstr("not the key of"));
  EXPECT_THAT(Refusal({.ca = ca_}, "http://127.0.0.1:1"), HasSubstr("is for https"));
  EXPECT_THAT(Refusal({.ca = ca_}, "a.example"), HasSubstr("no https://"));
  ChannelOptions channel{.url = "https://a.example:1"};
  EXPECT_EQ(LoadTlsFiles({.ca = folder_ + "none.pem"}, channel).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace prooflode::client
