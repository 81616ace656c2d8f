#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/telemetry/http_endpoint.h"
#include "miner/convert.h"
#include "miner/data_folder.h"
#include "miner/http_get.h"

namespace prooflode::miner {
namespace {

using testing::HasSubstr;

v1::SessionResponse MakeOffer() {
  v1::SessionResponse message;
  message.set_event(7);
  v1::Job& job = *message.mutable_offer()->mutable_job();
  v1::Circuit& circuit = *message.mutable_offer()->mutable_circuit();
  job.set_job_id(std::string(16, 'j'));
  job.set_circuit_id(std::string(32, 'c'));
  job.set_witness_digest(std::string(32, 'w'));
  job.set_witness_bytes(5);
  job.set_reward_units(9);
  job.set_collateral_units(4);
  job.set_public_inputs(std::string(64, 'p'));
  job.mutable_policy()->mutable_lease()->set_lease_us(11);
  circuit.set_circuit_id(job.circuit_id());
  circuit.set_zkey_digest(std::string(32, 'z'));
  circuit.set_proof_system(v1::PROOF_SYSTEM_GROTH16_BN254);
  circuit.set_name("rollup\x1b[2J");
  circuit.set_domain_size(8);
  return message;
}

TEST(ConvertTest, OffersBecomeEvents) {
  const auto event = ToEvent(MakeOffer());
  ASSERT_TRUE(event.ok()) << event.status();
  const auto& offer = std::get<event::Offer>(*event);
  EXPECT_EQ(offer.event, 7u);
  EXPECT_EQ(offer.job.id[15], 'j');
  EXPECT_EQ(offer.job.zkey[0], 'z');
  EXPECT_EQ(offer.job.reward, Amount{9});
  EXPECT_EQ(offer.job.collateral, Amount{4});
  EXPECT_EQ(offer.job.lease, Micros{11});
  EXPECT_TRUE(offer.job.supported);
  EXPECT_EQ(offer.job.circuit_name, "rollup?[2J");  // no escape sequences on the terminal
}

TEST(ConvertTest, NonsenseIsNamed) {
  const auto refused = [](auto change) {
    v1::SessionResponse message = MakeOffer();
    change(message);
    const auto event = ToEvent(message);
    EXPECT_EQ(event.status().code(), absl::StatusCode::kDataLoss);
    return std::string(event.status().message());
  };
  EXPECT_THAT(refused([](auto& m) { m.mutable_offer()->mutable_job()->set_job_id("x"); }),
              HasSubstr("job_id"));
  EXPECT_THAT(refused([](auto& m) { m.mutable_offer()->clear_circuit(); }), HasSubstr("zkey_digest"));
  EXPECT_THAT(refused([](auto& m) { m.mutable_offer()->mutable_job()->set_public_inputs("odd"); }),
              HasSubstr("public_inputs"));
  EXPECT_THAT(
      refused([](auto& m) { m.mutable_offer()->mutable_circuit()->set_circuit_id(std::string(32, 'x')); }),
      HasSubstr("circuit ids"));
  EXPECT_THAT(refused([](auto& m) { m.mutable_attempt_ended()->mutable_attempt()->set_job_id("x"); }),
              HasSubstr("attempt_id"));
}

TEST(ConvertTest, AFewMirrorsAreTaken) {
  v1::SessionResponse message = MakeOffer();
  v1::Circuit& circuit = *message.mutable_offer()->mutable_circuit();
  circuit.add_mirrors("https://" + std::string(505, 'a'));  // too long
  for (const char* url : {"https://1", "https://2", "https://3", "https://4", "https://5"})
    circuit.add_mirrors(url);
  EXPECT_THAT(std::get<event::Offer>(*ToEvent(message)).job.mirrors,
              testing::ElementsAre("https://1", "https://2", "https://3", "https://4"));
}

TEST(ConvertTest, AMarginIsKnownOrNot) {
  v1::SessionResponse message;
  v1::SessionResponse::AttemptEnded& ended = *message.mutable_attempt_ended();
  ended.mutable_attempt()->set_attempt_id(std::string(16, 'a'));
  ended.mutable_attempt()->set_job_id(std::string(16, 'j'));
  const auto margin = [&] { return std::get<event::AttemptEnded>(*ToEvent(message)).margin; };
  EXPECT_EQ(margin(), std::nullopt);
  ended.set_margin_us(0);  // a dead heat
  EXPECT_EQ(margin(), Micros{0});
  ended.set_margin_us(340'000);
  EXPECT_EQ(margin(), Millis(340));
  ended.set_margin_us(-1);
  EXPECT_EQ(margin(), Micros{0});
}

TEST(ConvertTest, UnknownValuesOfANewerCoordinatorDoNoHarm) {
  v1::SessionResponse message;
  EXPECT_TRUE(std::holds_alternative<event::HeartbeatSeen>(*ToEvent(message)));
  EXPECT_EQ(ToReason(static_cast<v1::Reason>(77)), Reason::kUnspecified);
  v1::Attempt attempt = FromAttempt({});
  attempt.set_state(static_cast<v1::AttemptState>(99));
  EXPECT_EQ(ToAttempt(attempt)->state, AttemptState::kUnspecified);
  v1::SessionResponse offer = MakeOffer();
  offer.mutable_offer()->mutable_circuit()->set_proof_system(static_cast<v1::ProofSystem>(5));
  EXPECT_FALSE(std::get<event::Offer>(*ToEvent(offer)).job.supported);
}

TEST(DataFolderTest, OneMinerAtATime) {
  std::string folder = testing::TempDir() + "/prooflode-data-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  EXPECT_EQ(RunningMiner(folder).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(RunningMiner(folder + "/none").status().message()),
              HasSubstr("no miner runs there"));
  {
    const auto lock = LockDataFolder(folder);
    ASSERT_TRUE(lock.ok()) << lock.status();
    const auto second = LockDataFolder(folder);
    EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(second.status().message()), HasSubstr(std::to_string(getpid())));
    const auto running = RunningMiner(folder);
    ASSERT_TRUE(running.ok()) << running.status();
    EXPECT_EQ(*running, getpid());
  }
  EXPECT_EQ(RunningMiner(folder).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(LockDataFolder(folder).ok());
  std::filesystem::remove_all(folder);
}

TEST(HttpGetTest, ReadsWhatAnEndpointServes) {
  const std::string big(100'000, 'x');
  auto endpoint = HttpEndpoint::Start("127.0.0.1:0", {{"/api/v1/status", [&] {
                                                         return HttpResponse{200, "application/json", big};
                                                       }}});
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  const std::string listen = absl::StrCat("127.0.0.1:", (*endpoint)->port());
  const auto body = HttpGet(listen, "/api/v1/status");
  ASSERT_TRUE(body.ok()) << body.status();
  EXPECT_EQ(*body, big);
  EXPECT_EQ(HttpGet(listen, "/other").status().code(), absl::StatusCode::kUnknown);
  endpoint->reset();
  EXPECT_EQ(HttpGet(listen, "/api/v1/status").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(HttpGet("nowhere", "/").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace prooflode::miner
