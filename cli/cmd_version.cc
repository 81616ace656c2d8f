// prooflode version.
#include <memory>

#include "cli/commands.h"

namespace prooflode::cli {

void AddVersion(CLI::App& app, Session& session) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command =
      AddCommand(app, session, "version", "Print the version", "", [json]() -> StatusOr<ExitCode> {
        if (*json) {
          PrintJson({{"version", PROOFLODE_VERSION}, {"compiler", __VERSION__}});
        } else {
          PrintLine("prooflode " PROOFLODE_VERSION);
        }
        return ExitCode::kOk;
      });
  AddJsonFlag(*command, *json);
}

}  // namespace prooflode::cli
