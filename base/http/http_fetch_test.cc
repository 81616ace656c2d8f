#include "base/http/http_fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/certificates_test.h"
#include "base/http/http_server_test.h"
#include "base/real_env.h"

namespace prooflode {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A second passes at each look.
class FastClock final : public Clock {
 public:
  Micros MonotonicNow() override { return now_ = now_ + Seconds(1); }
  Micros WallNow() override { return now_; }
  void Sleep(Micros duration) override { now_ = now_ + duration; }

 private:
  Micros now_{};
};

class HttpFetchTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/prooflode-http-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/file";
    limits_.address_allowed = [](const sockaddr*) { return true; };
    for (size_t i = 0; i < content_.size(); ++i) content_[i] = static_cast<char>(i * 7 + i / 251);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // `url`, into what is on the disk.
  HttpFetched Fetch(const std::string& url, Clock& clock) {
    auto file = PartialFile::Open(path_, content_.size(), nullptr);
    EXPECT_TRUE(file.ok()) << file.status();
    const HttpFetched fetched = HttpFetch(url, limits_, clock, &cancel_, *file);
    whole_ = fetched.own.ok() && fetched.fault.empty() && file->Finish(Sha256(AsBytes(content_))).ok();
    return fetched;
  }
  HttpFetched Fetch(const std::string& url) {
    RealClock clock;
    return Fetch(url, clock);
  }
  std::string Fault(const TestAnswer& answer) {
    TestHttpServer server([&](const std::string&) { return answer; });
    const HttpFetched fetched = Fetch(server.Url("/key"));
    EXPECT_TRUE(fetched.own.ok()) << fetched.own;
    EXPECT_FALSE(whole_);
    std::filesystem::remove(path_ + ".partial");
    return fetched.fault;
  }
  void Have(const std::string& partial) { std::ofstream(path_ + ".partial") << partial; }
  void ExpectWhole(const HttpFetched& fetched, uint64_t bytes) {
    EXPECT_TRUE(fetched.own.ok()) << fetched.own;
    EXPECT_EQ(fetched.fault, "");
    EXPECT_EQ(fetched.bytes, bytes);
    EXPECT_TRUE(whole_);
  }

  std::string folder_;
  std::string path_;
  std::string content_ = std::string(300'000, '\0');
  HttpFetchLimits limits_;
  CancelToken cancel_;
  bool whole_ = false;
};

TEST_F(HttpFetchTest, TheWholeFile) {
  TestHttpServer server(ServeFile(content_));
  ExpectWhole(Fetch(server.Url("/key?part=1")), content_.size());
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_THAT(server.requests()[0], HasSubstr("GET /key?part=1 HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests()[0], Not(HasSubstr("Range")));
}

TEST_F(HttpFetchTest, GoesOnAfterABreak) {
  int calls = 0;
  TestHttpServer server([&](const std::string& request) {
    TestAnswer answer = ServeFile(content_)(request);
    if (++calls == 1) answer.pieces[0].resize(answer.pieces[0].size() - 100'000);
    return answer;
  });
  const HttpFetched broken = Fetch(server.Url("/key"));
  EXPECT_THAT(broken.fault, Not(IsEmpty()));
  EXPECT_EQ(broken.bytes, 200'000u);
  ExpectWhole(Fetch(server.Url("/key")), 100'000);
  EXPECT_THAT(server.requests()[1], HasSubstr("Range: bytes=200000-\r\n"));
}

TEST_F(HttpFetchTest, BeginsAnewWithAServerThatKnowsNoRanges) {
  TestHttpServer server([&](const std::string&) { return Answer("200 OK", content_); });
  Have(std::string(1000, 'x'));
  ExpectWhole(Fetch(server.Url("/key")), content_.size());
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(HttpFetchTest, BeginsAnewWhenAnotherRangeComes) {
  for (const char* range : {"bytes 999-299999/300000", "bytes 1000-299998/300000", "bytes 1000-299999/300001",
                            "bytes */300000", "1000-299999", ""}) {
    TestHttpServer server([&](const std::string& request) {
      if (request.find("Range") == request.npos) return Answer("200 OK", content_);
      return Answer("206 Partial Content", content_.substr(1000),
                    absl::StrCat("Content-Range: ", range, "\r\n"));
    });
    Have(content_.substr(0, 1000));
    ExpectWhole(Fetch(server.Url("/key")), content_.size());
    EXPECT_EQ(server.requests().size(), 2u) << range;
    std::filesystem::remove(path_);
  }
}

TEST_F(HttpFetchTest, WrongAnswersAreFaults) {
  EXPECT_EQ(Fault(Answer("404 Not Found", content_)), "answers 404");
  EXPECT_EQ(Fault(Answer("304 Not Modified", "")), "answers 304");
  EXPECT_EQ(Fault(Answer("206 Partial Content", content_)), "answers 206");
  EXPECT_EQ(Fault(Answer("200 OK", content_ + "x")), "has 300001 bytes, want 300000");
  EXPECT_EQ(Fault(Answer("200 OK", "")), "has 0 bytes, want 300000");
  EXPECT_EQ(Fault({.pieces = {"HTTP/1.1 200 OK\r\n\r\n", content_, "and more"}}),
            "has more than the 300000 bytes wanted");
  EXPECT_EQ(Fault({.pieces = {"HTTP/1.1 200 OK\r\n\r\n", "less"}}), "ended after 4 of 300000 bytes");
  EXPECT_THAT(Fault({.pieces = {"\x1b[2J no HTTP\r\n\r\n"}}), Not(IsEmpty()));
}

TEST_F(HttpFetchTest, FollowsAFewRedirects) {
  int left = 4;
  TestHttpServer server([&](const std::string& request) {
    if (left-- == 0) return ServeFile(content_)(request);
    return Answer("302 Found", "this way", absl::StrCat("Location: /", left, "\r\n"));
  });
  ExpectWhole(Fetch(server.Url("/key")), content_.size());
}

TEST_F(HttpFetchTest, RedirectsThatLeadNowhere) {
  const auto redirect = [&](const std::string& to) {
    return Fault(Answer("302 Found", content_, "Location: " + to + "\r\n"));
  };
  EXPECT_THAT(redirect("/again"), HasSubstr("redirects"));
  EXPECT_THAT(redirect("file:///etc/hostname"), HasSubstr("Protocol \"file\""));
  EXPECT_THAT(redirect("ftp://127.0.0.1/key"), HasSubstr("Protocol \"ftp\""));
  TestHttpServer server(ServeFile(content_));
  const std::string named = absl::StrCat("http://me:secret@127.0.0.1:", server.port(), "/key");
  EXPECT_THAT(redirect(named), Not(IsEmpty()));
  EXPECT_THAT(Fetch(named).fault, Not(IsEmpty()));
  EXPECT_THAT(server.requests(), IsEmpty());
  EXPECT_EQ(Fault(Answer("302 Found", content_)), "answers 302");
}

TEST_F(HttpFetchTest, OtherProtocolsAreRefused) {
  for (const char* url :
       {"file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "dict://127.0.0.1/"}) {
    EXPECT_THAT(Fetch(url).fault, HasSubstr("Protocol")) << url;
  }
  for (const char* url : {"http://", "", "nonsense \n"}) EXPECT_THAT(Fetch(url).fault, Not(IsEmpty())) << url;
}

TEST_F(HttpFetchTest, PrivateAddressesAreRefusedUnlessAllowed) {
  TestHttpServer server(ServeFile(content_));
  limits_ = {};
  for (const char* host : {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"}) {
    const HttpFetched fetched = Fetch(absl::StrCat("http://", host, ":", server.port(), "/key"));
    EXPECT_THAT(fetched.fault, HasSubstr("is not public")) << host;
  }
  EXPECT_THAT(server.requests(), IsEmpty());
}

TEST_F(HttpFetchTest, PrivateAddressesAreRefusedAfterARedirectToo) {
  TestHttpServer inside(ServeFile(content_));
  TestHttpServer outside([&](const std::string&) {
    return Answer("302 Found", "", absl::StrCat("Location: ", inside.Url("/key"), "\r\n"));
  });
  // "Public" is what the outer server has.
  limits_.address_allowed = [&](const sockaddr* address) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port) == outside.port();
  };
  EXPECT_EQ(Fetch(outside.Url("/key")).fault, "its address 127.0.0.1 is not public");
  EXPECT_EQ(outside.requests().size(), 1u);
  EXPECT_THAT(inside.requests(), IsEmpty());
}

TEST_F(HttpFetchTest, ProxiesOfTheEnvironmentAreNotUsed) {
  TestHttpServer proxy([&](const std::string&) { return Answer("200 OK", content_); });
  setenv("http_proxy", proxy.Url("").c_str(), 1);
  TestHttpServer server(ServeFile(content_));
  ExpectWhole(Fetch(server.Url("/key")), content_.size());
  unsetenv("http_proxy");
  EXPECT_THAT(proxy.requests(), IsEmpty());
}

TEST_F(HttpFetchTest, ASilentServerIsGivenUp) {
  FastClock clock;
  TestHttpServer server([&](const std::string&) {
    return TestAnswer{.pieces = {"HTTP/1.1 200 OK\r\n\r\n", content_.substr(0, 1000)}, .hold = true};
  });
  EXPECT_EQ(Fetch(server.Url("/key"), clock).fault, "no byte of the file for 15 s");
  EXPECT_EQ(std::filesystem::file_size(path_ + ".partial"), 1000u);
}

TEST_F(HttpFetchTest, HeadsWithoutEndAreSilence) {
  FastClock clock;
  TestHttpServer server([&](const std::string&) {
    return TestAnswer{.pieces = std::vector<std::string>(1000, "HTTP/1.1 100 Continue\r\n\r\n"),
                      .pause_ms = 5};
  });
  EXPECT_EQ(Fetch(server.Url("/key"), clock).fault, "no byte of the file for 15 s");
}

TEST_F(HttpFetchTest, ASlowServerIsGivenUp) {
  FastClock clock;
  limits_.silence = Seconds(1000);
  std::vector<std::string> drops(10'000, "x");
  drops[0] = "HTTP/1.1 200 OK\r\n\r\n";
  TestHttpServer server([&](const std::string&) { return TestAnswer{.pieces = drops, .pause_ms = 5}; });
  EXPECT_THAT(Fetch(server.Url("/key"), clock).fault, HasSubstr("bytes a second, want 262144"));
}

TEST_F(HttpFetchTest, ACancellationIsNoFault) {
  RealClock clock;
  TestHttpServer server([&](const std::string&) {
    return TestAnswer{.pieces = {"HTTP/1.1 200 OK\r\n\r\n", content_.substr(0, 1000)}, .hold = true};
  });
  cancel_.CancelAfterPolls(3);
  const HttpFetched fetched = Fetch(server.Url("/key"), clock);
  EXPECT_EQ(fetched.own.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(fetched.fault, "");
}

TEST_F(HttpFetchTest, AFileThatCannotBeWrittenIsNotTheServersFault) {
  TestHttpServer server(ServeFile(content_));
  RealClock clock;
  auto file = PartialFile::Open(path_, content_.size(), nullptr);
  ASSERT_TRUE(file.ok());
  const rlimit before = [] {
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    return limit;
  }();
  signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const HttpFetched fetched = HttpFetch(server.Url("/key"), limits_, clock, nullptr, *file);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_FALSE(fetched.own.ok());
  EXPECT_EQ(fetched.fault, "");
}

TEST_F(HttpFetchTest, ACertificateThatNobodyKnowsIsRefused) {
  const TestCertificate authority = MakeCertificate("authority", nullptr);
  const TestCertificate mine = MakeCertificate("localhost", &authority);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                                  SSL_CTX_free);
  SSL_CTX_use_certificate(context.get(), mine.cert.get());
  SSL_CTX_use_PrivateKey(context.get(), mine.key.get());
  signal(SIGPIPE, SIG_IGN);
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  int accepted = 0;
  std::thread server([&] {
    const UniqueFd fd(accept(listener.get(), nullptr, nullptr));
    const std::unique_ptr<SSL, decltype(&SSL_free)> session(SSL_new(context.get()), SSL_free);
    SSL_set_fd(session.get(), fd.get());
    accepted = SSL_accept(session.get());
  });
  const HttpFetched fetched = Fetch(absl::StrCat("https://localhost:", ntohs(address.sin_port), "/key"));
  server.join();
  EXPECT_THAT(fetched.fault, HasSubstr("certificate"));
  EXPECT_NE(accepted, 1);
}

TEST(HttpHostTest, TellsWhereAUrlLeadsAndNoMore) {
  EXPECT_EQ(HttpHost("https://files.example:8443/key?token=secret"), "files.example:8443");
  EXPECT_EQ(HttpHost("http://user:word@files.example#x"), "files.example");
  EXPECT_EQ(HttpHost("http://[2001:db8::1]/k"), "[2001:db8::1]");
  EXPECT_EQ(HttpHost("http://\x1b[2J/"), "?[2J");
}

}  // namespace
}  // namespace prooflode
