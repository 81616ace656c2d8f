// What can be judged about a configuration by reading alone, before a run touches anything: addresses, TLS
// files, the coordinator's key and whose database lies in the data folder.
#pragma once

#include <optional>

#include "base/crypto.h"
#include "base/status.h"
#include "coordinator/api/tls_source.h"
#include "coordinator/config.h"

namespace prooflode::coordinator {

// The files named, each of which must hold something; FAILED_PRECONDITION for a private key that others can
// read.
StatusOr<api::TlsFiles> ReadTlsFiles(const Config::Tls& tls);

// OK when the key file, or that of the retiring key, holds the key `owner`, whose database it is. Where there
// is no database yet, any key will do, and a key file that is yet to be made. The message names both keys and
// both files.
Status CheckKeyFile(const Config& config, const std::optional<PublicKey>& owner);

// Everything that makes a run end before it has begun. Writes nothing.
Status CheckBeforeRun(const Config& config);

}  // namespace prooflode::coordinator
