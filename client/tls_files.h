// The PEM files that secure the way to a coordinator, as users name them in flags and settings.
#pragma once

#include <string>

#include "base/status.h"
#include "client/channel.h"

namespace prooflode::client {

struct TlsFiles {
  std::string ca;           // roots to trust instead of the system's
  std::string client_cert;  // for coordinators that ask for one (mTLS), with its chain
  std::string client_key;
};

// Reads the files that are named into `channel`. gRPC itself would only log what is wrong with them and then
// fail to connect: kInvalidArgument names the file that is no PEM of its kind, is not the certificate's key,
// or is missing its other half, and an https URL's absence where files are named.
Status LoadTlsFiles(const TlsFiles& files, ChannelOptions& channel);

}  // namespace prooflode::client
