#include "coordinator/api/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <future>
#include <utility>

#include "base/log.h"
#include "coordinator/api/account_service.h"
#include "coordinator/api/artifact_service.h"
#include "coordinator/api/auth_service.h"
#include "coordinator/api/log_service.h"
#include "coordinator/api/market_service.h"
#include "coordinator/api/miner_service.h"
#include "coordinator/api/operator_service.h"
#include "coordinator/api/place_watch.h"

namespace prooflode::api {
namespace {

constexpr int kMessageBytesMax = 2 << 20;
constexpr int kMetadataBytesMax = 8 << 10;
constexpr int kStreamsPerConnectionMax = 1000;
constexpr size_t kSignaturesQueuedMax = 4096;
constexpr size_t kBufferBytesMax = size_t{1} << 30;  // of messages under way, all connections together

bool IsLoopback(std::string_view listen) {
  const std::string_view host = listen.substr(0, listen.rfind(':'));
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

void Harden(grpc::ServerBuilder& builder, Micros handshake_timeout) {
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  builder.SetDefaultCompressionAlgorithm(GRPC_COMPRESS_NONE);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(ToMillis(handshake_timeout)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 3);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 300'000);
  // Reflection is the one service of the synchronous kind.
  grpc::ResourceQuota quota("prooflode");
  quota.SetMaxThreads(8);
  quota.Resize(kBufferBytesMax);
  builder.SetResourceQuota(quota);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
}

AuthOptions FilledIn(AuthOptions auth, const ServerParts& parts) {
  auth.market = parts.rules.market;
  auth.coordinator_key = parts.key.public_key();
  return auth;
}

}  // namespace

Status CheckPlaintext(const std::string& listen, bool insecure) {
  if (IsLoopback(listen) || insecure) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("listen: ", listen,
                   " is not loopback and there is no TLS certificate; plaintext must be allowed by name"));
}

struct Server::Services {
  explicit Services(Environment& environment)
      : auth(environment),
        artifact(environment),
        market(environment),
        miner(environment),
        account(environment),
        log(environment),
        operators(environment) {}
  AuthServiceImpl auth;
  ArtifactServiceImpl artifact;
  MarketServiceImpl market;
  MinerServiceImpl miner;
  AccountServiceImpl account;
  LogServiceImpl log;
  OperatorServiceImpl operators;
};

Server::Server(const ServerOptions& options, const ServerParts& parts)
    : info_(parts.info),
      broadcaster_(parts.broadcaster),
      auth_(FilledIn(options.auth, parts), parts.clock, parts.random),
      seen_checkpoints_(parts.checkpoints.keys(), parts.engine.log(), parts.metrics),
      transfers_(options.transfers, parts.clock),
      reads_(options.reads_per_identity_max),
      begun_(options.begun_per_minute_max, parts.clock),
      circuit_checks_(options.circuit_checks),
      witness_checks_(options.witness_checks),
      lookups_(options.lookups),
      disk_(2, options.transfers.most + 1),
      signatures_(2, kSignaturesQueuedMax),
      environment_{parts.rules,
                   info_,
                   parts.key,
                   parts.engine,
                   parts.store,
                   parts.checkpoints,
                   seen_checkpoints_,
                   parts.broadcaster,
                   parts.artifacts,
                   parts.files,
                   parts.clock,
                   parts.metrics,
                   auth_,
                   transfers_,
                   reads_,
                   begun_,
                   options.circuits_per_owner_max,
                   circuit_checks_,
                   witness_checks_,
                   lookups_,
                   disk_,
                   signatures_},
      services_(std::make_unique<Services>(environment_)) {}

StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, const ServerParts& parts) {
  std::unique_ptr<Server> server(new Server(options, parts));
  auto loaded = std::make_shared<std::promise<void>>();
  PL_RETURN_IF_ERROR(parts.engine.Query([&parts, loaded](const market::Market& market) {
    parts.broadcaster.Load(market);
    loaded->set_value();
  }));
  loaded->get_future().wait();
  PL_RETURN_IF_ERROR(server->Listen(options));
  parts.broadcaster.SetTick([self = server.get()] { self->Tick(); });
  return server;
}

Status Server::Listen(const ServerOptions& options) {
  if (options.tls) {
    PL_ASSIGN_OR_RETURN(tls_, TlsSource::Create(options.tls, environment_.metrics));
  } else {
    PL_RETURN_IF_ERROR(CheckPlaintext(options.listen, options.insecure));
  }
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  Harden(builder, options.handshake_timeout);
  builder.AddListeningPort(options.listen, tls_ ? tls_->Credentials() : grpc::InsecureServerCredentials(),
                           &port_);
  builder.RegisterService(&services_->auth);
  builder.RegisterService(&services_->artifact);
  builder.RegisterService(&services_->market);
  builder.RegisterService(&services_->miner);
  builder.RegisterService(&services_->account);
  builder.RegisterService(&services_->operators);
  builder.RegisterService(&services_->log);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    return absl::UnavailableError(absl::StrCat("listen: cannot use ", options.listen,
                                               "; another program, perhaps another coordinator, has it",
                                               tls_ ? ", or the TLS files are broken" : ""));
  }
  server_->GetHealthCheckService()->SetServingStatus(true);
  LogInfo("api", "listening on %s, port %d, %s", options.listen, port_, tls_ ? "TLS" : "plaintext");
  return absl::OkStatus();
}

void Server::Tick() {
  transfers_.CancelIdle();
  ReleaseSilentPlaces(environment_.engine, broadcaster_.sessions(), environment_.rules.silence_limit);
  if (tls_ == nullptr || refreshing_.exchange(true)) return;
  const bool queued = disk_.Submit([this] {
    tls_->Refresh();
    refreshing_ = false;
  });
  if (!queued) refreshing_ = false;
}

void Server::Drain(Micros stops_at) {
  environment_.draining = true;
  broadcaster_.Post([this, stops_at] { broadcaster_.sessions().DrainAll(stops_at); });
}

void Server::Shutdown() {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->SetServingStatus(false);
  broadcaster_.SetTick(nullptr);
  std::promise<void> ended;
  broadcaster_.Post([this, &ended] {
    const Status status = absl::UnavailableError("the coordinator is shutting down; come back");
    broadcaster_.sessions().EndAll(status);
    broadcaster_.watchers().EndAll(status);
    ended.set_value();
  });
  ended.get_future().wait();
  // What has not ended within two seconds is cancelled.
  server_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(2, GPR_TIMESPAN)));
  server_.reset();
}

Server::~Server() { Shutdown(); }

}  // namespace prooflode::api
