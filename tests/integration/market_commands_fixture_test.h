// Runs the market commands of `prooflode` against a coordinator in the same process.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/commands.h"
#include "tests/integration/market_fixture_test.h"

namespace prooflode::cli {

class MarketCommandsTest : public MarketTest {
 protected:
  using MarketTest::MarketTest;

  struct Outcome {
    ExitCode code;
    std::string out;
    std::string err;
    Json json() const { return Json::parse(out); }
  };

  void SetUp() override {
    MakeCircuit();
    operator_file_ = KeyFile("operator", {99});
    requester_file_ = KeyFile("requester", {2});
  }
  std::string KeyFile(const std::string& name, const Digest& seed) {
    // As CreateSigningKey writes it.
    FixedRandom random(seed);
    EXPECT_TRUE(CreateSigningKey(Path(name + ".key"), random).ok());
    return Path(name + ".key");
  }

  Outcome Run(std::vector<std::string> arguments) {
    Session session{clock_, random_, {}};
    CLI::App app("", "prooflode");
    app.require_subcommand(1);
    AddCircuit(app, session);
    AddJob(app, session);
    AddAccount(app, session);
    AddOperator(app, session);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    StatusOr<ExitCode> code = ExitCode::kUsage;
    try {
      app.parse(arguments);
      code = session.body();
    } catch (const CLI::ParseError&) {
    }
    std::fflush(stdout);
    return {code.value_or(ExitCode::kError), testing::internal::GetCapturedStdout(),
            testing::internal::GetCapturedStderr()};
  }
  Outcome As(const std::string& key_file, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--coordinator", Url(), "--key", key_file, "--json"});
    return Run(std::move(arguments));
  }
  void Deposit(const std::string& amount) {
    const std::string owner = HexEncode(LoadSigningKey(requester_file_)->public_key());
    const Outcome done =
        As(operator_file_, {"account", "deposit", owner, amount, "--reference", "r-" + amount});
    ASSERT_EQ(done.code, ExitCode::kOk) << done.err;
  }
  void Register() {
    const Outcome done = As(requester_file_, {"circuit", "add", Path("c.zkey"), "--name", "chain"});
    ASSERT_EQ(done.code, ExitCode::kOk) << done.err;
  }

  class FixedRandom final : public Random {
   public:
    explicit FixedRandom(const Digest& seed) : seed_(seed) {}
    void Fill(std::span<uint8_t> out) override { std::copy_n(seed_.begin(), out.size(), out.begin()); }

   private:
    const Digest seed_;
  };

  std::string operator_file_;
  std::string requester_file_;
};

}  // namespace prooflode::cli
