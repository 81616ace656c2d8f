#include "base/http/http_fetch.h"

#include <curl/curl.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/check.h"
#include "base/printable.h"

namespace prooflode {
namespace {

constexpr int kPollMillis = 50;  // how late a cancellation is seen
constexpr long kBufferBytes = 128 << 10;
constexpr size_t kFaultBytesMax = 200;
constexpr size_t kHostBytesMax = 100;

// When a transfer is too slow to go on with.
class Pace {
 public:
  Pace(const HttpFetchLimits& limits, Micros now) : limits_(limits), heard_at_(now), window_at_(now) {}

  // What is wrong at `now`, when so many bytes of the file have come by then.
  std::string Judge(Micros now, uint64_t bytes) {
    if (bytes > bytes_) heard_at_ = now;
    bytes_ = bytes;
    if (now - heard_at_ >= limits_.silence) {
      return absl::StrCat("no byte of the file for ", Count(limits_.silence) / 1'000'000, " s");
    }
    if (now - window_at_ < limits_.rate_window) return "";
    const double rate = static_cast<double>(bytes - window_bytes_) / ToSeconds(now - window_at_);
    if (rate < static_cast<double>(limits_.bytes_per_second_min)) {
      return absl::StrCat("too slow: ", static_cast<uint64_t>(rate), " bytes a second, want ",
                          limits_.bytes_per_second_min);
    }
    window_at_ = now;
    window_bytes_ = bytes;
    return "";
  }

 private:
  const HttpFetchLimits& limits_;
  Micros heard_at_;
  Micros window_at_;
  uint64_t bytes_ = 0;
  uint64_t window_bytes_ = 0;
};

// One request, with what redirects make of it.
class Request {
 public:
  Request(const HttpFetchLimits& limits, Clock& clock, const CancelToken* cancel, PartialFile& file,
          HttpFetched& fetched)
      : limits_(limits),
        clock_(clock),
        cancel_(cancel),
        file_(file),
        fetched_(fetched),
        ranged_(file.done() > 0) {}

  // True where the file has to be asked for from its beginning.
  bool Run(const std::string& url) {
    if (easy_ == nullptr || multi_ == nullptr) {
      fetched_.own = absl::ResourceExhaustedError(file_.name() + ": libcurl has no memory for a download");
      return false;
    }
    Configure(url);
    PL_CHECK(curl_multi_add_handle(multi_.get(), easy_.get()) == CURLM_OK);
    const std::optional<CURLcode> code = Drive();
    if (code && !refused_range_) Conclude(*code);
    curl_multi_remove_handle(multi_.get(), easy_.get());
    return refused_range_;
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    PL_CHECK(curl_easy_setopt(easy_.get(), option, value) == CURLE_OK);
  }

  void Configure(const std::string& url) {
    Set(CURLOPT_URL, url.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_FOLLOWLOCATION, 1L);
    Set(CURLOPT_MAXREDIRS, static_cast<long>(limits_.redirects_max));
    Set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    Set(CURLOPT_PROXY, "");  // the address is judged by us: a proxy would hide it
    Set(CURLOPT_SSL_VERIFYPEER, 1L);
    Set(CURLOPT_SSL_VERIFYHOST, 2L);
    Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_QUICK_EXIT, 1L);  // nobody waits for a name that is still being looked up
    Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(Count(limits_.connect) / 1000));
    Set(CURLOPT_BUFFERSIZE, kBufferBytes);
    Set(CURLOPT_USERAGENT, "prooflode");
    Set(CURLOPT_ERRORBUFFER, error_);
    Set(CURLOPT_OPENSOCKETFUNCTION, &Request::OpenSocket);
    Set(CURLOPT_OPENSOCKETDATA, this);
    Set(CURLOPT_HEADERFUNCTION, &Request::OnHeader);
    Set(CURLOPT_HEADERDATA, this);
    Set(CURLOPT_WRITEFUNCTION, &Request::OnBody);
    Set(CURLOPT_WRITEDATA, this);
    if (ranged_) Set(CURLOPT_RANGE, absl::StrCat(file_.done(), "-").c_str());
  }

  // How the transfer ended; nullopt when we ended it, and then fault or own says why.
  std::optional<CURLcode> Drive() {
    Pace pace(limits_, clock_.MonotonicNow());
    while (true) {
      int running = 0;
      const CURLMcode performed = curl_multi_perform(multi_.get(), &running);
      if (performed != CURLM_OK && Fault(curl_multi_strerror(performed))) return std::nullopt;
      int left = 0;
      if (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
        return message->data.result;
      }
      if (IsCancelled(cancel_)) {
        fetched_.own = absl::CancelledError(absl::StrCat(file_.name(), ": download cancelled"));
        return std::nullopt;
      }
      if (Fault(pace.Judge(clock_.MonotonicNow(), fetched_.bytes))) return std::nullopt;
      curl_multi_poll(multi_.get(), nullptr, 0, kPollMillis, nullptr);
    }
  }

  void Conclude(CURLcode code) {
    if (!fetched_.own.ok() || !fetched_.fault.empty()) return;
    if (code == CURLE_OK) {
      if (!body_began_ && !JudgeHead()) return;
      if (file_.done() < file_.size()) {
        Fault(absl::StrCat("ended after ", file_.done(), " of ", file_.size(), " bytes"));
      }
    } else if (!refused_address_.empty()) {
      Fault(absl::StrCat("its address ", refused_address_, " is not public"));
    } else {
      Fault(error_[0] != '\0' ? error_ : curl_easy_strerror(code));
    }
  }

  // Whether `what` is a fault.
  bool Fault(std::string_view what) {
    if (what.empty()) return false;
    fetched_.fault = Printable(what.substr(0, kFaultBytesMax));
    return true;
  }

  static curl_socket_t OpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& request = *static_cast<Request*>(self);
    if ((address->family != AF_INET && address->family != AF_INET6) ||
        !request.limits_.address_allowed(&address->addr)) {
      request.refused_address_ = AddressText(&address->addr);
      return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  static size_t OnHeader(char* data, size_t, size_t bytes, void* self) {
    auto& request = *static_cast<Request*>(self);
    absl::string_view line(data, bytes);
    // Only what the last of several answers says counts.
    if (absl::StartsWith(line, "HTTP/")) request.content_range_.clear();
    constexpr absl::string_view kContentRange = "content-range:";
    if (absl::StartsWithIgnoreCase(line, kContentRange)) {
      line.remove_prefix(kContentRange.size());
      request.content_range_ = std::string(absl::StripAsciiWhitespace(line));
    }
    return bytes;
  }

  static size_t OnBody(char* data, size_t, size_t bytes, void* self) {
    return static_cast<Request*>(self)->Take({reinterpret_cast<const uint8_t*>(data), bytes}) ? bytes : 0;
  }

  bool Take(ByteSpan bytes) {
    if (!body_began_ && !JudgeHead()) return false;
    body_began_ = true;
    fetched_.bytes += bytes.size();
    if (bytes.size() > file_.size() - file_.done()) {
      Fault(absl::StrCat("has more than the ", file_.size(), " bytes wanted"));
      return false;
    }
    if (IsCancelled(cancel_)) {
      fetched_.own = absl::CancelledError(absl::StrCat(file_.name(), ": download cancelled"));
    } else {
      fetched_.own = file_.Append(bytes);
    }
    return fetched_.own.ok();
  }

  // Whether the answer is what was asked for, once its head is complete.
  bool JudgeHead() {
    long code = 0;
    curl_off_t length = -1;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (ranged_ && (code == 416 || (code == 206 && !IsRestOfFile()))) {
      refused_range_ = true;
      return false;
    }
    if (code != 200 && !(ranged_ && code == 206)) {
      Fault(absl::StrCat("answers ", code));
      return false;
    }
    const uint64_t wanted = code == 206 ? file_.size() - file_.done() : file_.size();
    if (length >= 0 && static_cast<uint64_t>(length) != wanted) {
      Fault(absl::StrCat("has ", length, " bytes, want ", wanted));
      return false;
    }
    if (code == 200 && file_.done() > 0) fetched_.own = file_.Restart();
    return fetched_.own.ok();
  }

  bool IsRestOfFile() const {
    const std::string range = absl::StrCat("bytes ", file_.done(), "-", file_.size() - 1, "/");
    return absl::EqualsIgnoreCase(content_range_, absl::StrCat(range, file_.size())) ||
           absl::EqualsIgnoreCase(content_range_, absl::StrCat(range, "*"));
  }

  const HttpFetchLimits& limits_;
  Clock& clock_;
  const CancelToken* const cancel_;
  PartialFile& file_;
  HttpFetched& fetched_;
  const bool ranged_;
  bool refused_range_ = false;
  bool body_began_ = false;
  std::string content_range_;
  std::string refused_address_;
  char error_[CURL_ERROR_SIZE] = "";
  const std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)> multi_{curl_multi_init(), curl_multi_cleanup};
  const std::unique_ptr<CURL, void (*)(CURL*)> easy_{curl_easy_init(), curl_easy_cleanup};
};

}  // namespace

HttpFetched HttpFetch(const std::string& url, const HttpFetchLimits& limits, Clock& clock,
                      const CancelToken* cancel, PartialFile& file) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { PL_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
  HttpFetched fetched;
  if (file.done() == file.size()) return fetched;
  const bool again = Request(limits, clock, cancel, file, fetched).Run(url);
  if (again && fetched.own.ok()) fetched.own = file.Restart();
  if (again && fetched.own.ok()) Request(limits, clock, cancel, file, fetched).Run(url);
  return fetched;
}

std::string HttpHost(std::string_view url) {
  if (const size_t scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#\\"));
  if (const size_t user = url.rfind('@'); user != url.npos) url.remove_prefix(user + 1);
  return Printable(url.substr(0, kHostBytesMax));
}

}  // namespace prooflode
