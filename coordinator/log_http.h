// The log over HTTP, for tools that speak no gRPC: read-only, bounded, open to whoever reaches the port.
//
//   /log/checkpoint[?cosignatures=N]     the newest checkpoint, a signed note
//   /log/consistency?from=N&to=N         {"from":…,"to":…,"nodes":["<hex>",…]}
//   /log/inclusion?index=N&size=N        {"index":…,"size":…,"nodes":["<hex>",…]}
//   /log/leaves?from=N[&count=N]         lines as `export-log` writes them: at most 1000, about a megabyte
//
// 400 for a query that is not one of these, 404 for what the log does not have (yet).
#pragma once

#include <map>
#include <string>

#include "base/telemetry/http_endpoint.h"
#include "coordinator/checkpoints/checkpoint_publisher.h"
#include "coordinator/engine/log_tree.h"
#include "coordinator/engine/ports.h"

namespace prooflode::coordinator {

class LogPages {
 public:
  // All must outlive it. Thread-safe.
  LogPages(const engine::LogTree& log, const engine::Store& store,
           const checkpoints::CheckpointPublisher& checkpoints)
      : log_(log), store_(store), checkpoints_(checkpoints) {}

  // By path; they refer to this object.
  std::map<std::string, HttpEndpoint::QueryHandler> Handlers() const;

 private:
  StatusOr<HttpResponse> Checkpoint(std::string_view query) const;
  StatusOr<HttpResponse> Consistency(std::string_view query) const;
  StatusOr<HttpResponse> Inclusion(std::string_view query) const;
  StatusOr<HttpResponse> Leaves(std::string_view query) const;

  const engine::LogTree& log_;
  const engine::Store& store_;
  const checkpoints::CheckpointPublisher& checkpoints_;
};

}  // namespace prooflode::coordinator
