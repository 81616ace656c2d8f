// prooflode key: the Ed25519 identity of a requester, a miner or an operator.
#include <memory>

#include "base/crypto.h"
#include "cli/commands.h"

namespace prooflode::cli {
namespace {

struct KeyOptions {
  std::string path;
  bool json = false;
};

StatusOr<ExitCode> PrintKey(const KeyOptions& options, const StatusOr<SigningKey>& key) {
  if (!key.ok()) return key.status();
  const std::string public_key = HexEncode(key->public_key());
  if (options.json) {
    PrintJson({{"file", options.path}, {"public_key", public_key}});
  } else {
    PrintLine(public_key);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddKey(CLI::App& app, Session& session) {
  CLI::App* key = app.add_subcommand("key", "Make or show an identity (an Ed25519 key file)");
  key->require_subcommand(1);
  auto options = std::make_shared<KeyOptions>();
  CLI::App* gen = AddCommand(
      *key, session, "gen", "Make a new key file, readable by its owner alone",
      "Example:\n  prooflode key gen me.key\nPrints the public key. Never overwrites a file.",
      [options, &session] { return PrintKey(*options, CreateSigningKey(options->path, session.random)); });
  CLI::App* show = AddCommand(*key, session, "show", "Print the public key of a key file",
                              "Example:\n  prooflode key show me.key",
                              [options] { return PrintKey(*options, LoadSigningKey(options->path)); });
  for (CLI::App* command : {gen, show}) {
    command->add_option("FILE", options->path, "Key file")->required();
    AddJsonFlag(*command, options->json);
  }
}

}  // namespace prooflode::cli
