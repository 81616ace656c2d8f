#include "miner/run.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "absl/strings/str_format.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/real_env.h"
#include "base/telemetry/http_endpoint.h"
#include "base/telemetry/prometheus_metrics.h"
#include "client/tls_files.h"
#include "miner/agent.h"
#include "miner/data_folder.h"
#include "miner/self_test.h"
#include "miner/work/memory.h"

namespace prooflode::miner {
namespace {

constexpr uint64_t kMegabyte = 1'000'000;
constexpr Micros kSignalGrace = Millis(500);

uint64_t ProofMemory(const Config& config) {
  if (config.work.memory_mb > 0) return config.work.memory_mb * kMegabyte;
  return MachineMemory() / 4 * 3;
}

// The largest domain whose proof fits: a typical key has about 700 bytes a row.
uint64_t DomainSizeMax(uint64_t memory_bytes) {
  constexpr uint64_t kKeyBytesPerRow = 700;
  uint64_t size = 1;
  while (size < (uint64_t{1} << 28)) {
    OfferedJob job;
    job.domain_size = size * 2;
    job.zkey_bytes = job.domain_size * kKeyBytesPerRow;
    if (MemoryNeeded(job) > memory_bytes) break;
    size *= 2;
  }
  return size;
}

WorkerOptions ToWorkerOptions(const Config& config) {
  WorkerOptions options;
  options.threads = config.device.threads > 0 ? static_cast<unsigned>(config.device.threads)
                                              : ThreadPool::UsableProcessors();
  const uint64_t automatic = MachineMemory() / 4;
  options.key_memory_bytes =
      config.device.key_memory_mb > 0 ? config.device.key_memory_mb * kMegabyte : automatic;
  return options;
}

SessionOptions ToSessionOptions(const Config& config) {
  SessionOptions options;
  options.devices = 1;
  options.reward_min = Amount{config.work.reward_min_units};
  options.per_hour_min = Amount{config.work.expected_per_hour_min_units};
  options.memory_bytes = ProofMemory(config);
  options.deadline_margin = static_cast<double>(config.work.deadline_margin_percent) / 100;
  options.offers_max = static_cast<uint32_t>(config.work.offers_max);
  options.blame.failures_max = static_cast<int>(config.work.failures_max);
  options.breaker_pause = Seconds(static_cast<int64_t>(config.work.breaker_pause_s));
  options.stop_timeout = Seconds(static_cast<int64_t>(config.work.stop_timeout_s));
  return options;
}

MirrorOptions ToMirrorOptions(const Config& config) {
  MirrorOptions options;
  options.enabled = config.mirrors.enabled;
  if (config.mirrors.allow_private) options.limits.address_allowed = [](const sockaddr*) { return true; };
  return options;
}

StatusOr<SigningKey> LoadOrCreateKey(const std::string& path, Random& random) {
  StatusOr<SigningKey> key = LoadSigningKey(path);
  if (key.status().code() != absl::StatusCode::kNotFound) return key;
  key = CreateSigningKey(path, random);
  if (key.ok()) LogInfo("miner", "made a new key, %s: keep a copy, rewards belong to it", path);
  return key;
}

StatusOr<client::ConnectionOptions> ToConnectionOptions(const Config& config) {
  client::ConnectionOptions options;
  options.channel.url = config.coordinator;
  options.channel.insecure = config.insecure;
  PL_RETURN_IF_ERROR(client::LoadTlsFiles({config.ca_file, config.client_cert_file, config.client_key_file},
                                          options.channel));
  options.role = v1::ROLE_MINER;
  if (!config.coordinator_key.empty()) options.coordinator_key = DigestFromHex(config.coordinator_key);
  return options;
}

sigset_t StopSignalSet() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR1);
  return set;
}

// Before there are other threads, so that all of them have the signals blocked.
void BlockStopSignals() {
  const sigset_t set = StopSignalSet();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

// First SIGINT or SIGTERM drains the agent, a second ends the process at once, and so does the first while
// there is no agent. One within kSignalGrace of the first is of the same wish: timeout(1) signals the process
// and its group. SIGUSR1 (the `drain` command) drains, however often it comes. No end leaves a witness of
// `cache` behind; workers end by themselves with the process that has the other end of their socket.
class StopSignals {
 public:
  StopSignals(const ArtifactCache& cache, Clock& clock) : cache_(cache), clock_(clock) {
    thread_ = std::thread([this] { Wait(); });
  }
  ~StopSignals() {
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }
  // The agent has stopped: what is left to do takes no time, and signals change nothing any more.
  void Finish() {
    MutexLock lock(mutex_);
    finished_ = true;
  }
  // The agent to drain; nullptr once there is none any more.
  void SetAgent(Agent* agent) {
    MutexLock lock(mutex_);
    agent_ = agent;
    if (agent_ != nullptr && draining_) agent_->Drain();
  }

 private:
  void Wait() {
    const sigset_t set = StopSignalSet();
    std::optional<Micros> stopping_since;
    while (true) {
      int number = 0;
      if (sigwait(&set, &number) != 0) continue;
      if (done_) return;
      MutexLock lock(mutex_);
      if (finished_) continue;
      if (number != SIGUSR1) {
        const Micros now = clock_.MonotonicNow();
        if (agent_ == nullptr || (stopping_since && now - *stopping_since >= kSignalGrace)) EndNow(number);
        if (!stopping_since) stopping_since = now;
      }
      if (agent_ != nullptr && !draining_) agent_->Drain();
      draining_ = true;
    }
  }

  [[noreturn]] void EndNow(int number) const {
    const Status deleted = cache_.DeleteWitnesses();
    if (!deleted.ok()) LogWarning("miner", "a witness is left behind: %s", std::string(deleted.message()));
    _exit(128 + number);
  }

  const ArtifactCache& cache_;
  Clock& clock_;
  std::atomic<bool> done_{false};
  Mutex mutex_;
  Agent* agent_ PL_GUARDED_BY(mutex_) = nullptr;
  bool draining_ PL_GUARDED_BY(mutex_) = false;
  bool finished_ PL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// Takes the agent out of the signals' reach before it is destroyed.
class AgentOfSignals {
 public:
  AgentOfSignals(StopSignals& signals, Agent& agent) : signals_(signals) { signals_.SetAgent(&agent); }
  ~AgentOfSignals() { signals_.SetAgent(nullptr); }

 private:
  StopSignals& signals_;
};

// Keys and proofs that are not revealed yet belong into no core file and no debugger of the same user.
Status ProtectMemory() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return ErrnoStatus(errno, "setrlimit RLIMIT_CORE");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return ErrnoStatus(errno, "prctl PR_SET_DUMPABLE");
  return absl::OkStatus();
}

StatusOr<std::unique_ptr<HttpEndpoint>> Serve(const std::string& listen, PrometheusMetrics& metrics,
                                              const Reporter& reporter) {
  return HttpEndpoint::Start(listen,
                             {{"/metrics",
                               [&] {
                                 return HttpResponse{200, PrometheusMetrics::kContentType, metrics.Text()};
                               }},
                              {"/healthz",
                               [] {
                                 return HttpResponse{200, "text/plain; charset=utf-8", "ok\n"};
                               }},
                              {"/api/v1/status", [&] {
                                 return HttpResponse{200, "application/json", reporter.StatusJson()};
                               }}});
}

// Ends the process when it is told to stop; the error of a start that failed otherwise.
Status Run(const Config& config, const Settings& settings) {
  PL_RETURN_IF_ERROR(ProtectMemory());
  RealClock clock;
  RealRandom random;
  PL_ASSIGN_OR_RETURN(const UniqueFd lock, LockDataFolder(config.data));
  PL_ASSIGN_OR_RETURN(const SigningKey key, LoadOrCreateKey(config.key_path(), random));
  PL_ASSIGN_OR_RETURN(
      const auto cache,
      ArtifactCache::Open(config.data + "/cache", {.quota_bytes = config.cache.quota_mb * kMegabyte,
                                                   .free_bytes_min = config.cache.free_disk_mb * kMegabyte}));
  StopSignals signals(*cache, clock);  // outlives the agent; what came earlier waits, blocked
  PL_ASSIGN_OR_RETURN(Journal journal, Journal::Open(config.data + "/journal"));
  PL_ASSIGN_OR_RETURN(const auto log_view, client::LogView::Open(config.data + "/receipts"));

  AgentOptions options;
  options.version = PROOFLODE_VERSION;
  options.session = ToSessionOptions(config);
  options.mirrors = ToMirrorOptions(config);
  options.worker = ToWorkerOptions(config);
  options.device_names = {absl::StrFormat("cpu %d threads", options.worker.threads)};
  options.domain_size_max = DomainSizeMax(options.session.memory_bytes);
  options.free_memory_min = config.work.free_memory_mb * kMegabyte;

  LogInfo("miner", "prooflode-miner %s  groth16-bn254", PROOFLODE_VERSION);
  // Variables are shared with the requester's program: whose key this is must be seen at once.
  LogInfo("miner", "key    %s  %s (%s)", HexEncode(key.public_key()), config.key_path(),
          settings.Origin("key"));
  LogInfo("miner", "data   %s (%s)", config.data, settings.Origin("data"));
  PL_ASSIGN_OR_RETURN(const SelfTestResult test, RunSelfTest(options.worker, config.data, clock, random));
  LogInfo("miner", "device 0  %s  ready (self-test ok, %.0f ms)  domains to 2^%d", options.device_names[0],
          test.prove_ms, std::countr_zero(options.domain_size_max));
  LogInfo("miner", "coord  %s", config.coordinator);

  PrometheusMetrics prometheus(PROOFLODE_VERSION);
  MinerMetrics metrics(prometheus, options.session.devices);
  PL_ASSIGN_OR_RETURN(client::ConnectionOptions connection_options, ToConnectionOptions(config));
  connection_options.channel.clock = &clock;
  connection_options.channel.observer = [&metrics](std::string_view method, std::string_view code,
                                                   Micros duration) {
    metrics.CallEnded(method, code, duration);
  };
  PL_ASSIGN_OR_RETURN(const auto connection,
                      client::Connection::Create(connection_options, key, clock, random));
  Reporter reporter(
      {PROOFLODE_VERSION, HexEncode(key.public_key()), config.coordinator, options.device_names}, clock,
      metrics);
  std::unique_ptr<HttpEndpoint> http;
  if (!config.http.empty()) {
    PL_ASSIGN_OR_RETURN(http, Serve(config.http, prometheus, reporter));
    LogInfo("miner", "api    http://%s  /metrics  /api/v1/status  /healthz (port %d)", config.http,
            http->port());
  }
  {
    Agent agent(options, *connection, *cache, journal, *log_view, reporter, metrics, clock, random);
    PL_RETURN_IF_ERROR(agent.Start());
    const AgentOfSignals reachable(signals, agent);
    agent.Run();
    signals.Finish();
  }
  reporter.LogSummary();
  LogInfo("miner", "stopped");
  // Workers and streams are gone and files are durable. An orderly end would wait up to two seconds for the
  // HTTP server's next poll.
  std::fflush(nullptr);
  _exit(kExitOk);
}

}  // namespace

Status CheckConfig(const Config& config) {
  PL_ASSIGN_OR_RETURN(const client::ConnectionOptions options, ToConnectionOptions(config));
  return client::MakeChannel(options.channel).status();
}

int RunMiner(const Config& config, const Settings& settings) {
  BlockStopSignals();
  if (const Status checked = CheckConfig(config); !checked.ok()) {
    LogError("miner", "%s", std::string(checked.message()));
    return kExitBadConfiguration;
  }
  const Status status = Run(config, settings);
  LogError("miner", "%s", std::string(status.message()));
  return status.code() == absl::StatusCode::kInvalidArgument ? kExitBadConfiguration : kExitError;
}

int RunSelfTestCommand(const Config& config) {
  RealClock clock;
  RealRandom random;
  std::string folder = std::string(P_tmpdir) + "/prooflode-selftest-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return kExitError;
  const auto result = RunSelfTest(ToWorkerOptions(config), folder, clock, random);
  rmdir(folder.c_str());
  if (!result.ok()) {
    std::fprintf(stderr, "self-test failed: %s\n", std::string(result.status().message()).c_str());
    return kExitSelfTestFailed;
  }
  std::printf("self-test ok: %zu constraints, proved in %.1f ms, verified in %.1f ms\n", result->constraints,
              result->prove_ms, result->verify_ms);
  return kExitOk;
}

}  // namespace prooflode::miner
