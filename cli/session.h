// What the commands of `prooflode` share: where time and randomness come from, how a command is registered,
// how its results are printed and which exit code it ends with.
//
// One file a command, named after it: it has one function `void Add…(CLI::App& app, Session& session)`,
// declared in commands.h and called by main.cc, which adds a subcommand and gives it a body. Bodies run after
// all of the command line has been read.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/status.h"

namespace prooflode::cli {

enum class ExitCode {
  kOk = 0,
  kError = 1,
  kUsage = 2,
  kNoDevice = 3,
  kSelfTestFailed = 4,
  kProofInvalid = 5,
  kUnreachable = 6,
  kRefused = 7,
  kProtocol = 8,
  kBadConfiguration = 78,
};

// Marks an error as that of an argument: kUsage. OK stays OK.
Status Usage(Status status);
bool IsUsage(const Status& status);

// A body's status is printed on stderr and ends in kError, or in kUsage where it is marked so; a body that
// wants another code prints with PrintError and returns it.
using Body = std::function<StatusOr<ExitCode>()>;

struct Session {
  Clock& clock;
  Random& random;
  Body body;  // of the command that the command line chose
  // What it is at, with which file, "proving a.zkey (domain 2^16)": for the message when memory runs out.
  std::string doing;
};

// Members keep their order.
using Json = nlohmann::ordered_json;

// Results. Bytes that are not UTF-8 (a file's name) are replaced in JSON.
void PrintJson(const Json& value);
void PrintLine(std::string_view line);
// Progress and errors: one line on stderr, "prooflode: " in front.
void PrintNote(std::string_view line);
void PrintError(std::string_view line);

// "12.3 KB", in powers of ten.
std::string HumanBytes(uint64_t bytes);
// Three decimals are kept: microseconds.
double RoundMs(double ms);
// Highest resident set of this process so far; 0 where the system does not tell.
uint64_t PeakRssBytes();

// Adds --json.
void AddJsonFlag(CLI::App& command, bool& json);

// Adds a subcommand whose body is `run`; `footer` shows examples under --help.
CLI::App* AddCommand(CLI::App& parent, Session& session, const std::string& name,
                     const std::string& description, const std::string& footer, Body run);

}  // namespace prooflode::cli
