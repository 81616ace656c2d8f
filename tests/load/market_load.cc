// What a coordinator bears, measured from outside: how many durable commits a second it acknowledges and how
// late each is, and how soon connected miners have an offer. tests/load/measure.py starts the coordinator,
// posts the jobs and gives this program their ids. The report is JSON.
//
//   prooflode-load commits --coordinator URL --miners M --window W --disk DIR JOB_ID...
//   prooflode-load offers  --coordinator URL --miners M --jobs J
//
// `commits`: every miner is admitted to every job, then all commits are sent, at most W under way. Beside
// them one thread writes and syncs a page in DIR again and again: what the bare disk takes meanwhile.
// `offers`: prints "ready" once everybody is connected; ends when each miner has J offers or two minutes have
// passed.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/files.h"
#include "base/real_env.h"
#include "client/channel.h"
#include "client/receipt.h"
#include "tests/load/fleet.h"

namespace prooflode::load {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string url = "http://127.0.0.1:7443";
  size_t miners = 1000;
  size_t window = 256;
  size_t jobs = 20;
  std::string disk = ".";
  std::vector<std::string> job_ids;
};

Json Quantiles(std::vector<double> ms) {
  if (ms.empty()) return {{"count", 0}};
  std::sort(ms.begin(), ms.end());
  const auto at = [&](double share) {
    const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(ms.size())));
    return std::round(ms[std::max<size_t>(rank, 1) - 1] * 100) / 100;
  };
  return {{"count", ms.size()}, {"p50_ms", at(0.5)}, {"p99_ms", at(0.99)}, {"max_ms", at(1)}};
}

double ToMs(Micros duration) { return static_cast<double>(Count(duration)) / 1000; }

// Writes and syncs 4 KiB in a file of its own until it is stopped.
class DiskProbe {
 public:
  DiskProbe(const std::string& folder, Clock& clock)
      : clock_(clock), path_(folder + "/prooflode-load-probe") {
    fd_ = UniqueFd(open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    thread_ = std::thread([this] { Work(); });
  }
  Json Stop() {
    stop_ = true;
    thread_.join();
    unlink(path_.c_str());
    return Quantiles(ms_);
  }

 private:
  void Work() {
    const std::string page(4096, 'x');
    while (!stop_) {
      const Micros begun = clock_.MonotonicNow();
      if (!WriteAll(fd_.get(), AsBytes(page), path_).ok() || fdatasync(fd_.get()) != 0) return;
      ms_.push_back(ToMs(clock_.MonotonicNow() - begun));
      clock_.Sleep(Millis(20));
    }
  }

  Clock& clock_;
  const std::string path_;
  UniqueFd fd_;
  std::atomic<bool> stop_{false};
  std::vector<double> ms_;
  std::thread thread_;
};

// One unary call under way; lives until its answer.
template <typename Request, typename Response>
struct CallState {
  grpc::ClientContext context;
  Request request;
  Response response;
};

struct Place {
  LoadMiner* miner = nullptr;
  v1::Attempt attempt;
};

class Commits {
 public:
  Commits(const Arguments& arguments, Clock& clock, Random& random)
      : arguments_(arguments), clock_(clock), random_(random) {}

  StatusOr<Json> Run() {
    PL_ASSIGN_OR_RETURN(const auto fleet, Fleet::Connect(
                                              arguments_.url, arguments_.miners, 0,
                                              [](const v1::SessionResponse::Offer&) {}, clock_, random_));
    PL_RETURN_IF_ERROR(TakePlaces(*fleet));
    PL_RETURN_IF_ERROR(MakeRequests(*fleet));
    DiskProbe probe(arguments_.disk, clock_);
    const Micros begun = clock_.MonotonicNow();
    Send();
    const double seconds = ToMs(clock_.MonotonicNow() - begun) / 1000;
    const Json disk = probe.Stop();
    if (failures_ > 0)
      return absl::AbortedError(absl::StrCat(failures_.load(), " commits failed: ", failure_));
    Json report = {
        {"miners", arguments_.miners}, {"commits", requests_.size()}, {"window", arguments_.window}};
    report["seconds"] = seconds;
    report["commits_per_second"] = std::round(static_cast<double>(requests_.size()) / seconds);
    report["acknowledged"] = Quantiles(latencies_ms_);
    report["bare_fdatasync"] = disk;
    return report;
  }

 private:
  using CommitCall = CallState<v1::CommitProofRequest, v1::CommitProofResponse>;

  Status TakePlaces(Fleet& fleet) {
    const size_t count = fleet.miners().size() * arguments_.job_ids.size();
    places_.resize(count);
    RunWindowed(count, arguments_.window, [&](size_t i, std::function<void()> done) {
      LoadMiner& miner = fleet.miners()[i % fleet.miners().size()];
      auto call = std::make_shared<CallState<v1::AcceptOfferRequest, v1::AcceptOfferResponse>>();
      call->request.set_request_id(miner.connection->NewRequestId());
      call->request.set_job_id(arguments_.job_ids[i / fleet.miners().size()]);
      places_[i].miner = &miner;
      if (const Status status = miner.connection->Prepare(call->context, Seconds(60)); !status.ok()) {
        Failed(std::string(FromSv(status.message())));
        return done();
      }
      miner.calls->async()->AcceptOffer(&call->context, &call->request, &call->response,
                                        [this, i, call, done = std::move(done)](const grpc::Status& status) {
                                          if (!status.ok()) Failed(status.error_message());
                                          places_[i].attempt = call->response.attempt();
                                          done();
                                        });
    });
    if (failures_ > 0) return absl::AbortedError(absl::StrCat(failures_.load(), " not admitted: ", failure_));
    return absl::OkStatus();
  }

  // Signed beforehand: that is the miners' work, not the coordinator's.
  Status MakeRequests(Fleet& fleet) {
    PL_ASSIGN_OR_RETURN(const v1::GetMarketResponse market, fleet.miners().front().connection->Market());
    const std::string proof(256, '\x01');
    for (const Place& place : places_) {
      Digest nonce;
      random_.Fill(nonce);
      PL_ASSIGN_OR_RETURN(const client::Commit commit, client::MakeCommit(*place.miner->key, market.market(),
                                                                          place.attempt, proof, "", nonce));
      auto call = std::make_shared<CommitCall>();
      call->request = client::CommitRequest(commit);
      call->request.set_request_id(place.miner->connection->NewRequestId());
      PL_RETURN_IF_ERROR(place.miner->connection->Prepare(call->context, Seconds(120)));
      requests_.push_back(std::move(call));
    }
    latencies_ms_.resize(requests_.size());
    return absl::OkStatus();
  }

  void Send() {
    RunWindowed(requests_.size(), arguments_.window, [&](size_t i, std::function<void()> done) {
      CommitCall& call = *requests_[i];
      const Micros begun = clock_.MonotonicNow();
      places_[i].miner->calls->async()->CommitProof(
          &call.context, &call.request, &call.response,
          [this, i, begun, done = std::move(done)](const grpc::Status& status) {
            latencies_ms_[i] = ToMs(clock_.MonotonicNow() - begun);
            if (!status.ok() || !requests_[i]->response.has_receipt()) Failed(status.error_message());
            done();
          });
    });
  }

  void Failed(const std::string& message) {
    MutexLock lock(mutex_);
    ++failures_;
    failure_ = message;
  }

  const Arguments& arguments_;
  Clock& clock_;
  Random& random_;
  std::vector<Place> places_;
  std::vector<std::shared_ptr<CommitCall>> requests_;
  std::vector<double> latencies_ms_;
  std::atomic<size_t> failures_{0};
  Mutex mutex_;
  std::string failure_ PL_GUARDED_BY(mutex_);
};

StatusOr<Json> Offers(const Arguments& arguments, Clock& clock, Random& random) {
  Mutex mutex;
  std::vector<double> latencies_ms;
  const auto on_offer = [&](const v1::SessionResponse::Offer& offer) {
    // From the moment that the posting was stamped for the log, so its way to the disk is in it.
    const double late = ToMs(clock.WallNow() - Micros{offer.job().posted_at_us()});
    MutexLock lock(mutex);
    latencies_ms.push_back(late);
  };
  PL_ASSIGN_OR_RETURN(const auto fleet,
                      Fleet::Connect(arguments.url, arguments.miners, static_cast<uint32_t>(arguments.jobs),
                                     on_offer, clock, random));
  std::puts("ready");
  std::fflush(stdout);
  const size_t wanted = arguments.miners * arguments.jobs;
  const Micros give_up = clock.MonotonicNow() + Seconds(120);
  const auto count = [&] {
    MutexLock lock(mutex);
    return latencies_ms.size();
  };
  while (count() < wanted && clock.MonotonicNow() < give_up) clock.Sleep(Millis(20));
  MutexLock lock(mutex);
  if (latencies_ms.size() != wanted || fleet->lost_sessions() > 0) {
    return absl::AbortedError(absl::StrCat(latencies_ms.size(), " offers came of ", wanted, ", ",
                                           fleet->lost_sessions(), " sessions were lost"));
  }
  return Json{{"miners", arguments.miners}, {"jobs", arguments.jobs}, {"offered", Quantiles(latencies_ms)}};
}

int Main(int argc, char** argv) {
  client::NoticeConnectionsSoon();
  Arguments arguments;
  CLI::App app("Measures a coordinator from outside", "prooflode-load");
  app.require_subcommand(1);
  CLI::App* commits = app.add_subcommand("commits", "Durable commits a second");
  CLI::App* offers = app.add_subcommand("offers", "How soon miners have an offer");
  for (CLI::App* command : {commits, offers}) {
    command->add_option("--coordinator", arguments.url, "URL")->capture_default_str();
    command->add_option("--miners", arguments.miners, "How many")->capture_default_str();
  }
  commits->add_option("--window", arguments.window, "Calls under way at once")->capture_default_str();
  commits->add_option("--disk", arguments.disk, "A folder on the coordinator's disk")->capture_default_str();
  commits->add_option("job_ids", arguments.job_ids, "Open races, in hex")->required();
  offers->add_option("--jobs", arguments.jobs, "Offers for each miner")->capture_default_str();
  try {  // CLI11 throws.
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  for (std::string& id : arguments.job_ids) {
    const std::optional<std::string> bytes = HexDecode(id);
    if (!bytes) {
      std::fprintf(stderr, "prooflode-load: %s is no job id in hex\n", id.c_str());
      return 2;
    }
    id = *bytes;
  }
  RealClock clock;
  RealRandom random;
  const StatusOr<Json> report =
      commits->parsed() ? Commits(arguments, clock, random).Run() : Offers(arguments, clock, random);
  if (!report.ok()) {
    std::fprintf(stderr, "prooflode-load: %s\n", report.status().ToString().c_str());
    return 1;
  }
  std::puts(report->dump().c_str());
  return 0;
}

}  // namespace
}  // namespace prooflode::load

int main(int argc, char** argv) { return prooflode::load::Main(argc, argv); }
