#include "base/command_line/usage.h"

#include <vector>

#include "base/edit_distance.h"

namespace prooflode {
namespace {

constexpr size_t kEditsMax = 2;  // further away is another word

std::string TypedName(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return (parent == nullptr ? "" : TypedName(*parent) + " ") + command.get_name();
}

// Groups of options are commands without a name to CLI11, and nobody types them.
const CLI::App& Chosen(const CLI::App& app) {
  for (const CLI::App* chosen : app.get_subcommands()) {
    if (!chosen->get_name().empty()) return Chosen(*chosen);
  }
  return app;
}

std::vector<std::string> CommandsOf(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_name().empty()) names.push_back(sub->get_name());
  }
  return names;
}

// With those of the commands in front of it, where they may follow it.
std::vector<std::string> FlagsOf(const CLI::App& command) {
  std::vector<std::string> flags;
  if (command.get_fallthrough() && command.get_parent() != nullptr) flags = FlagsOf(*command.get_parent());
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_name().empty()) continue;
    for (const std::string& flag : FlagsOf(*sub)) flags.push_back(flag);
  }
  return flags;
}

// The one of `known` that `word` was perhaps meant to be, or "".
std::string Nearest(const std::string& word, const std::vector<std::string>& known) {
  std::string nearest;
  size_t best = kEditsMax + 1;
  for (const std::string& name : known) {
    const size_t distance = EditDistance(word.substr(0, word.find('=')), name);
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

}  // namespace

std::string ChosenCommand(const CLI::App& app) { return TypedName(Chosen(app)); }

std::string UsageError(const CLI::App& app, const std::string& message) {
  const CLI::App& command = Chosen(app);
  const std::vector<std::string> commands = CommandsOf(command);
  std::string text = message;
  if (!commands.empty()) {
    text += "; the commands of " + TypedName(command) + " are";
    for (const std::string& name : commands) text += (name == commands.front() ? " " : ", ") + name;
  }
  for (const std::string& word : app.remaining(true)) {
    const std::string nearest = Nearest(word, word.starts_with('-') ? FlagsOf(command) : commands);
    if (!nearest.empty()) text += "; did you mean " + nearest + " instead of " + word + "?";
  }
  return text;
}

}  // namespace prooflode
