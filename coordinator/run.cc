#include "coordinator/run.h"

#include <unistd.h>

#include <thread>

#include "base/files.h"
#include "base/log.h"
#include "base/real_env.h"
#include "base/telemetry/http_endpoint.h"
#include "base/telemetry/prometheus_metrics.h"
#include "coordinator/adapters.h"
#include "coordinator/api/broadcaster.h"
#include "coordinator/api/server.h"
#include "coordinator/checkpoints/publisher_thread.h"
#include "coordinator/drain.h"
#include "coordinator/engine/engine.h"
#include "coordinator/log_http.h"
#include "coordinator/preflight.h"
#include "coordinator/signals.h"
#include "coordinator/store/data_dir_lock.h"
#include "coordinator/store/sqlite_store.h"
#include "coordinator/sweeper.h"
#include "coordinator/verify/verifier_pool.h"

namespace prooflode::coordinator {
namespace {

StatusOr<SigningKey> LoadOrCreateKey(const std::string& path, Random& random) {
  StatusOr<SigningKey> key = LoadSigningKey(path);
  if (!absl::IsNotFound(key.status())) return key;
  LogInfo("main", "first start: making key %s", path);
  return CreateSigningKey(path, random);
}

struct Keys {
  SigningKey current;
  std::optional<SigningKey> retiring;  // where the log is still its own
  // That the database belongs to now.
  const SigningKey& Of() const { return retiring ? *retiring : current; }
};

// Whether a key retires is for the database to say: once the log was handed over the setting means nothing.
StatusOr<Keys> LoadKeys(const Config& config, Random& random) {
  PL_ASSIGN_OR_RETURN(SigningKey current, LoadOrCreateKey(config.key_path(), random));
  Keys keys{std::move(current), std::nullopt};
  if (config.retiring_key_file.empty()) return keys;
  PL_ASSIGN_OR_RETURN(const std::optional<PublicKey> owner,
                      store::SqliteStore::FindCoordinator(config.database_path()));
  if (!owner) return keys;  // nothing to hand over yet
  if (*owner == keys.current.public_key()) {
    LogWarning("main",
               "retiring_key_file: the log is %s's already; take the setting out and keep that key no longer",
               HexEncode(keys.current.public_key()));
    return keys;
  }
  PL_ASSIGN_OR_RETURN(keys.retiring, LoadSigningKey(config.retiring_key_file));
  LogWarning("main", "handing the log over from the key %s to %s", HexEncode(*owner),
             HexEncode(keys.current.public_key()));
  return keys;
}

api::ServerOptions ServerOptionsOf(const Config& config) {
  api::ServerOptions options;
  options.listen = config.listen;
  options.insecure = config.insecure;
  options.auth.operator_keys = config.operators;
  options.begun_per_minute_max = static_cast<uint32_t>(config.limits.begun_per_minute);
  if (!config.tls.cert_file.empty()) options.tls = [tls = config.tls] { return ReadTlsFiles(tls); };
  return options;
}

StatusOr<std::unique_ptr<HttpEndpoint>> StartHttp(const std::string& listen, PrometheusMetrics& metrics,
                                                  const LogPages& log) {
  if (listen.empty()) return nullptr;
  const auto page = [&metrics] {
    return HttpResponse{.code = 200, .content_type = PrometheusMetrics::kContentType, .body = metrics.Text()};
  };
  return HttpEndpoint::Start(listen,
                             {{"/metrics", page}, {"/healthz", [] { return HttpResponse{.body = "ok\n"}; }}},
                             log.Handlers());
}

unsigned VerifierThreads(const Config& config) {
  if (config.verify_threads > 0) return static_cast<unsigned>(config.verify_threads);
  return std::max(1u, ThreadPool::UsableProcessors() / 2);
}

// Everything between the store and the network. `store` and `keys` outlive it.
Status Serve(const Config& config, const Keys& keys, store::SqliteStore& store, Clock& clock, Random& random,
             PrometheusMetrics& metrics, const StopSignals& signals) {
  const market::Rules rules = config.Rules();
  PL_ASSIGN_OR_RETURN(
      const auto artifacts,
      artifacts::ArtifactStore::Open(config.artifacts_path(), config.ArtifactLimits(), clock, metrics));
  const verify::FileLimits file_limits{
      .domain_size_max = config.limits.domain_size,
      .public_inputs_max = static_cast<uint32_t>(config.limits.public_inputs)};
  ThreadPool check_threads(ThreadPool::UsableProcessors());
  ArtifactAdapter artifact_port(*artifacts, metrics);
  FileCheckAdapter file_checker(*artifacts, file_limits, random, check_threads);
  api::Broadcaster broadcaster({}, clock, random, metrics);
  verify::VerifierPool verifiers({.threads = VerifierThreads(config)}, clock, metrics);
  engine::EngineOptions engine_options;
  engine_options.queue_limit = config.limits.queue;
  engine_options.asset_name = config.asset.name;
  engine::Engine engine(rules, engine_options,
                        {store, verifiers, broadcaster, clock, random, metrics, keys.current,
                         [](const Status& status) {
                           // What is on disk is unknown: only a restart can tell.
                           LogError("engine", "stopping: %s", std::string(FromSv(status.message())));
                           _exit(1);
                         },
                         keys.retiring ? &*keys.retiring : nullptr});
  PL_RETURN_IF_ERROR(engine.Load());
  PL_ASSIGN_OR_RETURN(
      const auto checkpoints,
      checkpoints::CheckpointPublisher::Open(
          {engine.keys(), config.checkpoints_path(), config.transparency.witnesses},
          {.key = keys.current, .store = store, .log = engine.log(), .clock = clock, .metrics = metrics}));
  engine.Start();
  PL_RETURN_IF_ERROR(engine.Query([&store = *artifacts](const market::Market& market) {
    const std::string missing = MissingArtifacts(
        market, [&store](const Digest& digest) { return store.Find(PublicKey{}, digest).complete; });
    if (!missing.empty()) LogError("artifacts", "%s", missing);
  }));
  const checkpoints::PublisherThread publishing(
      *checkpoints, Seconds(static_cast<int64_t>(config.transparency.checkpoint_s)));
  const api::MarketInfo info{.version = PROOFLODE_VERSION,
                             .asset_name = config.asset.name,
                             .asset_decimals = static_cast<uint32_t>(config.asset.decimals),
                             .artifact_bytes_max = config.ArtifactLimits().artifact_bytes_max,
                             .domain_size_max = file_limits.domain_size_max,
                             .public_inputs_max = file_limits.public_inputs_max};
  PL_ASSIGN_OR_RETURN(const auto server,
                      api::Server::Start(ServerOptionsOf(config),
                                         {rules, info, keys.current, engine, store, *checkpoints, broadcaster,
                                          artifact_port, file_checker, clock, random, metrics}));
  const LogPages log_pages(engine.log(), store, *checkpoints);
  PL_ASSIGN_OR_RETURN(const auto http, StartHttp(config.http, metrics, log_pages));
  const Sweeper sweeper(config.retention, {engine, store, *artifacts, metrics});
  LogInfo("main", "market %s, coordinator key %s", config.market, HexEncode(keys.current.public_key()));
  LogInfo("main", "listening on port %d%s", server->port(),
          http == nullptr ? std::string() : absl::StrCat(", metrics on port ", http->port()));
  signals.Wait();
  DrainMarket(*server, engine, clock, Seconds(static_cast<int64_t>(config.stop.drain_s)));
  server->Shutdown();
  engine.Stop();
  return absl::OkStatus();
}

Status OpenAndServe(const Config& config, const StopSignals& signals) {
  RealClock clock;
  RealRandom random;
  PL_RETURN_IF_ERROR(MakeDirectory(config.data));
  PL_ASSIGN_OR_RETURN(const store::DataDirLock lock, store::DataDirLock::Acquire(config.data));
  PL_ASSIGN_OR_RETURN(const Keys keys, LoadKeys(config, random));
  PrometheusMetrics metrics(PROOFLODE_VERSION);
  PL_ASSIGN_OR_RETURN(
      const auto store,
      store::SqliteStore::Open(config.database_path(), keys.Of().public_key(), {.clock = &clock}, metrics));
  return Serve(config, keys, *store, clock, random, metrics, signals);
}

}  // namespace

ExitCode Run(const Config& config) {
  const StopSignals signals;
  ExitCode code = kExitBadConfiguration;
  Status status = CheckBeforeRun(config);
  if (status.ok()) {
    code = kExitError;
    status = OpenAndServe(config, signals);
  }
  if (!status.ok()) {
    LogError("main", "%s", std::string(FromSv(status.message())));
    return code;
  }
  LogInfo("main", "stopped");
  return kExitOk;
}

}  // namespace prooflode::coordinator
