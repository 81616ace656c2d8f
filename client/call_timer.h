// Times the unary calls of a channel, whatever they are, as a gRPC interceptor.
#pragma once

#include <grpcpp/support/client_interceptor.h>

#include <memory>
#include <vector>

#include "client/channel.h"

namespace prooflode::client {

using InterceptorFactories =
    std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>>;

// `clock` must outlive the channel.
InterceptorFactories TimeCalls(CallObserver observer, Clock& clock);

}  // namespace prooflode::client
