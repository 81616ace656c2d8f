// What the services share. Everything is thread-safe and outlives them.
#pragma once

#include <atomic>
#include <string>

#include "base/crypto.h"
#include "base/env.h"
#include "base/metrics.h"
#include "coordinator/api/auth.h"
#include "coordinator/api/broadcaster.h"
#include "coordinator/api/fair_workers.h"
#include "coordinator/api/ports.h"
#include "coordinator/api/rate_gate.h"
#include "coordinator/api/read_gate.h"
#include "coordinator/api/transfer_table.h"
#include "coordinator/api/workers.h"
#include "coordinator/checkpoints/checkpoint_publisher.h"
#include "coordinator/checkpoints/seen_checkpoints.h"
#include "coordinator/engine/engine.h"

namespace prooflode::api {

// What GetMarket tells, besides the rules.
struct MarketInfo {
  std::string version;  // of the coordinator
  std::string asset_name;
  uint32_t asset_decimals = 0;
  uint64_t artifact_bytes_max = 0;
  uint64_t domain_size_max = 0;
  uint32_t public_inputs_max = 0;
};

struct Environment {
  const market::Rules& rules;
  const MarketInfo& info;
  const SigningKey& key;  // the coordinator's
  engine::Engine& engine;
  const engine::Store& store;  // its const readers alone
  checkpoints::CheckpointPublisher& checkpoints;
  checkpoints::SeenCheckpoints& seen_checkpoints;
  Broadcaster& broadcaster;
  ArtifactPort& artifacts;
  FileChecker& files;
  Clock& clock;
  MetricFactory& metrics;
  Authenticator& auth;
  TransferTable& transfers;
  ReadGate& reads;
  RateGate& begun;  // operators are not counted
  uint32_t circuits_per_owner_max;
  FairWorkers& circuit_checks;        // minutes
  FairWorkers& witness_checks;        // seconds
  FairWorkers& lookups;               // one read of the database, or of what is known of a file
  Workers& disk;                      // transfers: one chunk a task
  Workers& signatures;                // commits alone: below a millisecond
  std::atomic<bool> draining{false};  // no offer is accepted any more
};

}  // namespace prooflode::api
