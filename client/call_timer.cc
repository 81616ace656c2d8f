#include "client/call_timer.h"

#include <utility>

namespace prooflode::client {
namespace {

using grpc::experimental::ClientRpcInfo;
using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;

class CallTimer final : public grpc::experimental::Interceptor {
 public:
  CallTimer(const CallObserver& observer, Clock& clock, std::string_view path)
      : observer_(observer),
        clock_(clock),
        method_(path.substr(path.rfind('/') + 1)),
        begun_(clock.MonotonicNow()) {}

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_STATUS)) {
      // Both libraries number and name the codes alike.
      const auto code = static_cast<absl::StatusCode>(methods->GetRecvStatus()->error_code());
      observer_(method_, absl::StatusCodeToString(code), clock_.MonotonicNow() - begun_);
    }
    methods->Proceed();
  }

 private:
  const CallObserver& observer_;
  Clock& clock_;
  const std::string method_;
  const Micros begun_;
};

class CallTimerFactory final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  CallTimerFactory(CallObserver observer, Clock& clock) : observer_(std::move(observer)), clock_(clock) {}

  grpc::experimental::Interceptor* CreateClientInterceptor(ClientRpcInfo* info) override {
    if (info->type() != ClientRpcInfo::Type::UNARY) return nullptr;  // a stream lasts as long as it is wanted
    return new CallTimer(observer_, clock_, info->method());         // gRPC deletes it with the call
  }

 private:
  const CallObserver observer_;
  Clock& clock_;
};

}  // namespace

InterceptorFactories TimeCalls(CallObserver observer, Clock& clock) {
  InterceptorFactories factories;
  factories.push_back(std::make_unique<CallTimerFactory>(std::move(observer), clock));
  return factories;
}

}  // namespace prooflode::client
