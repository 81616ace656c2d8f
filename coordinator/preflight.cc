#include "coordinator/preflight.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "coordinator/api/server.h"
#include "coordinator/market/rules.h"
#include "coordinator/store/sqlite_store.h"

namespace prooflode::coordinator {
namespace {

constexpr uint64_t kPemBytesMax = 1 << 20;

StatusOr<std::string> ReadPem(const std::string& setting, const std::string& path, bool secret) {
  if (path.empty()) return std::string();
  struct stat info;
  if (secret && stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(setting, ": ", path, ": others can read this private key; chmod 600 it"));
  }
  StatusOr<std::string> pem = ReadFile(path, kPemBytesMax);
  if (!pem.ok()) return Annotate(pem.status(), setting);
  // Empty roots would mean that clients need no certificates.
  if (pem->empty()) return absl::InvalidArgumentError(absl::StrCat(setting, ": ", path, " is empty"));
  return pem;
}

Status CheckTls(const Config& config) {
  if (config.tls.cert_file.empty()) return api::CheckPlaintext(config.listen, config.insecure);
  PL_ASSIGN_OR_RETURN(const api::TlsFiles files, ReadTlsFiles(config.tls));
  return api::CheckTlsFiles(files);
}

// The folder of a key that is named apart from the data, and is yet to be made.
Status CheckFolderOfNewKey(const Config& config) {
  if (config.key_file.empty()) return absl::OkStatus();
  const size_t slash = config.key_file.rfind('/');
  if (slash == std::string::npos || slash == 0) return absl::OkStatus();
  const std::string folder = config.key_file.substr(0, slash);
  if (folder == config.data || access(folder.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return Annotate(ErrnoStatus(errno, folder), "key_file: cannot be made");
}

}  // namespace

StatusOr<api::TlsFiles> ReadTlsFiles(const Config::Tls& tls) {
  api::TlsFiles files;
  PL_ASSIGN_OR_RETURN(files.cert_pem, ReadPem("tls.cert_file", tls.cert_file, false));
  PL_ASSIGN_OR_RETURN(files.key_pem, ReadPem("tls.key_file", tls.key_file, true));
  PL_ASSIGN_OR_RETURN(files.client_ca_pem, ReadPem("tls.client_ca_file", tls.client_ca_file, false));
  return files;
}

Status CheckKeyFile(const Config& config, const std::optional<PublicKey>& owner) {
  const std::string path = config.key_path();
  const StatusOr<SigningKey> key = LoadSigningKey(path);
  if (absl::IsNotFound(key.status()) && !owner) return CheckFolderOfNewKey(config);
  const std::string whose = owner
                                ? absl::StrCat(config.database_path(),
                                               " belongs to the coordinator with the key ", HexEncode(*owner))
                                : "";
  if (absl::IsNotFound(key.status())) {
    return absl::FailedPreconditionError(absl::StrCat("key_file: ", path, " is missing, and ", whose));
  }
  if (!key.ok()) return Annotate(key.status(), "key_file");
  if (!owner || key->public_key() == *owner) return absl::OkStatus();
  if (!config.retiring_key_file.empty()) {
    const StatusOr<SigningKey> retiring = LoadSigningKey(config.retiring_key_file);
    if (!retiring.ok()) return Annotate(retiring.status(), "retiring_key_file");
    if (retiring->public_key() == *owner) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat("retiring_key_file: ", config.retiring_key_file,
                                                      " holds the key ", HexEncode(retiring->public_key()),
                                                      ", but ", whose));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("key_file: ", path, " holds the key ", HexEncode(key->public_key()), ", but ", whose,
                   "; to hand it over to this key, name the other's file as retiring_key_file"));
}

Status CheckBeforeRun(const Config& config) {
  PL_RETURN_IF_ERROR(market::CheckRules(config.Rules()));
  PL_RETURN_IF_ERROR(CheckTls(config));
  PL_ASSIGN_OR_RETURN(const std::optional<PublicKey> owner,
                      store::SqliteStore::FindCoordinator(config.database_path()));
  return CheckKeyFile(config, owner);
}

}  // namespace prooflode::coordinator
