#include "miner/work/mirrors.h"

#include <algorithm>
#include <utility>

namespace prooflode::miner {
namespace {

// Strangers decide how many URLs there are; who is forgotten is tried again.
constexpr size_t kAsideMax = 1000;

}  // namespace

StatusOr<bool> Mirrors::Fetch(const std::vector<std::string>& urls, const Digest& digest, uint64_t size,
                              const std::string& path, const CancelToken& cancel,
                              const std::function<void(const Try&)>& told) {
  if (!options_.enabled) return false;
  const std::vector<std::string> order = Order(urls);
  if (order.empty()) return false;
  PL_ASSIGN_OR_RETURN(PartialFile file, PartialFile::Open(path, size, &cancel));
  for (const std::string& url : order) {
    Try tried{.host = HttpHost(url)};
    const Micros began = clock_.MonotonicNow();
    const Status own = FetchFrom(url, digest, cancel, file, tried);
    tried.took = clock_.MonotonicNow() - began;
    if (!tried.fault.empty()) SetAside(url);
    told(tried);
    PL_RETURN_IF_ERROR(own);
    if (tried.whole) return true;
  }
  return false;
}

Status Mirrors::FetchFrom(const std::string& url, const Digest& digest, const CancelToken& cancel,
                          PartialFile& file, Try& tried) {
  for (bool all_its_own = false; !all_its_own;) {
    all_its_own = file.done() == 0;
    const HttpFetched fetched = HttpFetch(url, options_.limits, clock_, &cancel, file);
    tried.bytes += fetched.bytes;
    PL_RETURN_IF_ERROR(fetched.own);
    if (!fetched.fault.empty()) {
      tried.fault = fetched.fault;
      return absl::OkStatus();
    }
    const Status finished = file.Finish(digest);
    tried.whole = finished.ok();
    if (!absl::IsDataLoss(finished)) return finished;
    // Whatever was there before may be to blame: a mirror is judged by a file that is all its own.
    all_its_own = all_its_own || fetched.bytes >= file.size();
    PL_RETURN_IF_ERROR(file.Restart());
  }
  tried.fault = "gives another file: its SHA-256 is wrong";
  return absl::OkStatus();
}

std::vector<std::string> Mirrors::Order(const std::vector<std::string>& urls) {
  const Micros now = clock_.MonotonicNow();
  MutexLock lock(mutex_);
  std::vector<std::string> order;
  for (const std::string& url : urls) {
    const auto it = aside_.find(url);
    const bool usable = it == aside_.end() || it->second <= now;
    if (usable && std::find(order.begin(), order.end(), url) == order.end()) order.push_back(url);
  }
  for (size_t left = order.size(); left > 1; --left) std::swap(order[left - 1], order[random_.Below(left)]);
  return order;
}

void Mirrors::SetAside(const std::string& url) {
  const Micros now = clock_.MonotonicNow();
  MutexLock lock(mutex_);
  std::erase_if(aside_, [&](const auto& entry) { return entry.second <= now; });
  aside_[url] = now + options_.pause;
  if (aside_.size() <= kAsideMax) return;
  aside_.erase(std::min_element(aside_.begin(), aside_.end(),
                                [](const auto& a, const auto& b) { return a.second < b.second; }));
}

}  // namespace prooflode::miner
