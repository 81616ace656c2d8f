// The gRPC side of one WatchJob call.
#pragma once

#include <memory>
#include <optional>

#include "coordinator/api/call.h"
#include "coordinator/api/watchers.h"
#include "prooflode/v1/market_service.grpc.pb.h"

namespace prooflode::api {

// Owns itself from Begin until gRPC is done with it; registries hold further references.
class WatchStream final : public grpc::ServerWriteReactor<v1::WatchJobResponse>,
                          public JobWatcher,
                          public std::enable_shared_from_this<WatchStream> {
 public:
  static grpc::ServerWriteReactor<v1::WatchJobResponse>* Begin(Environment& environment,
                                                               grpc::CallbackServerContext& context,
                                                               MethodMetrics& metrics,
                                                               const v1::WatchJobRequest& request);
  WatchStream(Environment& environment, grpc::CallbackServerContext& context, MethodMetrics& metrics);

  void Update(const v1::Job& job) override;
  void End(const Status& status) override;
  bool IsStuck(Micros now, Micros patience) const override;

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void Open(Environment& environment, const Caller& caller, const v1::WatchJobRequest& request);
  // Before a stream is registered: one that has finished may have left the registry already, and one that
  // finishes later leaves it later.
  bool IsFinished() const;
  void WriteNext() PL_REQUIRES(mutex_);
  void FinishNow(const Status& status) PL_REQUIRES(mutex_);

  // These outlive the server; tasks that come late, after the server is gone, touch nothing else.
  Broadcaster& broadcaster_;
  Clock& clock_;
  CallTimer timer_;
  std::shared_ptr<WatchStream> self_;
  market::JobId job_{};
  bool counted_ = false;  // in watch_count
  mutable Mutex mutex_;
  v1::WatchJobResponse outgoing_ PL_GUARDED_BY(mutex_);
  std::optional<v1::Job> next_ PL_GUARDED_BY(mutex_);   // newest not yet written
  std::optional<Status> ending_ PL_GUARDED_BY(mutex_);  // finish once next_ is written
  bool writing_ PL_GUARDED_BY(mutex_) = false;
  Micros write_began_ PL_GUARDED_BY(mutex_){};
  bool finished_ PL_GUARDED_BY(mutex_) = false;
};

}  // namespace prooflode::api
