#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/sim/sim_env.h"
#include "coordinator/engine/answer_codec.h"
#include "coordinator/engine/command_codec.h"
#include "transparency/leaf_json.h"

namespace prooflode::engine {
namespace {

template <size_t N>
std::array<uint8_t, N> Filled(uint8_t value) {
  std::array<uint8_t, N> bytes;
  bytes.fill(value);
  return bytes;
}

// One of each command, every field set to something of its own.
market::Restart Start() {
  return market::Restart{Seconds(29),
                         {.market = "m",
                          .reveal_window = Seconds(30),
                          .lease_default = Seconds(31),
                          .race_place = Seconds(38),
                          .time_limit_min = Seconds(32),
                          .time_limit_max = Seconds(33),
                          .open_jobs_per_requester_max = 34,
                          .live_attempts_per_miner_max = 35,
                          .admissions_per_miner_and_job_max = 36,
                          .fee_per_million = 37,
                          .collateral_per_million = 40,
                          .release_grace = Seconds(41),
                          .release_fee_per_million = 42,
                          .unprovable_reports = 43,
                          .check_fee_per_million = 44,
                          .draw_window = Seconds(49),
                          .race_width_default = 50,
                          .late_percent = 151,
                          .silence_limit = Seconds(52),
                          .proof_retention = Seconds(60)},
                         Filled<32>(53),
                         KeyHandover{.retired = Filled<32>(54),
                                     .successor = Filled<32>(53),
                                     .tree_size = 42,
                                     .root = Filled<32>(55),
                                     .by_retired = Filled<64>(56),
                                     .by_successor = Filled<64>(57)},
                         Seconds(61)};
}

std::vector<market::Command> AllCommands() {
  market::Circuit circuit{.id = Filled<32>(1), .name = "n", .zkey_digest = Filled<32>(2), .zkey_bytes = 3};
  circuit.r1cs_digest = Filled<32>(4);
  circuit.r1cs_bytes = 5;
  circuit.domain_size = 6;
  circuit.variable_count = 7;
  circuit.public_input_count = 8;
  circuit.insecure_setup = true;
  circuit.verification_key_json = "{}";
  circuit.verifying_key_digest = Filled<32>(39);
  circuit.security_bits = 49;
  circuit.setup_contributions = 50;
  circuit.work_units = 51;
  circuit.mirrors = "https://a/k\nhttps://b/k\n";
  market::PostJob post{.circuit = Filled<32>(1), .witness_digest = Filled<32>(9), .witness_bytes = 10};
  post.public_inputs = std::string("\0\1", 2);
  post.statement = Filled<32>(11);
  post.reward = Amount{12};
  post.time_limit = Seconds(13);
  post.policy.race.width = 14;
  post.draw_nonce = std::string(16, '\4');
  post.previous_root = Filled<32>(45);
  market::PostJob leased = post;
  leased.policy.lease = market::LeasePolicy{Seconds(15), /*hedged=*/true};
  leased.again = true;
  const market::AttemptId attempt{Filled<16>(16)};
  return {market::RegisterCircuit{circuit},
          post,
          leased,
          market::CancelJob{{Filled<16>(17)}},
          market::AcceptOffer{{Filled<16>(18)}, Seconds(46), market::Residency::kDisk, 47},
          market::WithdrawCandidacy{{Filled<16>(48)}},
          market::HolderSilent{attempt},
          market::CommitProof{attempt, 19, Filled<32>(20), Filled<64>(21)},
          market::CommitProof{attempt, 19, Filled<32>(20), Filled<64>(21),
                              market::Opening{"", Filled<32>(25), Filled<32>(58), Filled<32>(20)}},
          market::RevealProof{attempt, 22, {"", Filled<32>(23), Filled<32>(59), Filled<32>(24)}},
          market::ReleaseAttempt{attempt, 25, market::Reason::kDraining},
          market::RecordVerdict{attempt, true, 52},
          market::Deposit{Filled<32>(26), Amount{27}, "reference"},
          market::Withdraw{Amount{28}, "other"},
          market::PayWithdrawal{45, "paid"},
          market::RejectWithdrawal{46, "because"},
          market::CancelWithdrawal{47},
          market::SetSuspension{{.circuit = Filled<32>(48)}, true, "broken"},
          market::Tick{},
          Start()};
}

TEST(CommandCodec, EveryFieldOfEveryLeafHasANameAndAKind) {
  market::Job job;
  market::Attempt attempt;
  const ledger::Transfer transfer{
      .id = 3, .amount = Amount{9}, .debit = "fees", .credit = "external", .job = "ab"};
  const market::DrawRecord draw{.places = 1,
                                .entries = {{Filled<32>(1), 2, true}, {Filled<32>(2), 3, false}}};
  for (const market::Command& command : AllCommands()) {
    const market::Stamped stamped{Seconds(5), 42, Filled<32>(77), {Filled<32>(78), "request"}, command};
    const auto content = EncodeCommand(
        stamped, {.jobs = {job, job}, .attempts = {attempt}, .transfers = {transfer}, .draws = {draw, draw}});
    const transparency::Leaf leaf{.index = 42, .bytes = transparency::EncodeLeaf(content)};
    const auto line = transparency::LeafJsonLine(leaf);
    ASSERT_TRUE(line.ok()) << line.status();
    EXPECT_EQ(line->find('\n'), std::string::npos);
    const auto json = nlohmann::json::parse(*line);
    EXPECT_EQ(json["leaf_index"], 42);
    EXPECT_EQ(json["time_us"], 5'000'000);
    EXPECT_EQ(json["fields"].size(), content.fields.size());
    EXPECT_EQ(json["fields"]["request_id"], HexEncode(AsBytes("request")));
    EXPECT_EQ(json["fields"]["jobs"].size(), 2u);
    EXPECT_EQ(json["fields"]["transfers"][0]["credit"], "external");
    EXPECT_EQ(json["fields"]["transfers"][0]["amount_units"], 9);
    ASSERT_EQ(json["fields"]["draws"].size(), 2u);
    EXPECT_EQ(json["fields"]["draws"][1]["candidates"][0]["tickets"], 2);
    EXPECT_EQ(json["fields"]["draws"][1]["candidates"][1]["admitted"], false);
  }
}

TEST(CommandCodec, EveryCommandComesBackExactly) {
  std::set<size_t> kinds;
  for (const market::Command& command : AllCommands()) {
    kinds.insert(command.index());
    const market::Stamped stamped{Seconds(5), 42, Filled<32>(77), {Filled<32>(78), "request"}, command};
    market::Job job;
    job.id.bytes = Filled<16>(1);
    const auto content =
        EncodeCommand(stamped, {.jobs = {job}, .attempts = {}, .transfers = {}, .draws = {}});
    const std::string bytes = transparency::EncodeLeaf(content);
    const auto decoded = transparency::DecodeLeaf(AsBytes(bytes));
    ASSERT_TRUE(decoded.ok());
    const auto again = DecodeCommand(*decoded, 42);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->now, stamped.now);
    EXPECT_EQ(again->leaf_index, 42u);
    // Everything else shows in the bytes.
    EXPECT_EQ(transparency::EncodeLeaf(
                  EncodeCommand(*again, {.jobs = {job}, .attempts = {}, .transfers = {}, .draws = {}})),
              bytes);
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<market::Command>);
}

TEST(CommandCodec, AMissingMalformedOrUnknownFieldIsRefused) {
  for (const market::Command& command : AllCommands()) {
    const auto content = EncodeCommand({.command = command}, {});
    for (const auto& [number, value] : content.fields) {
      auto missing = content;
      missing.fields.erase(number);
      const bool optional = number == 15;
      EXPECT_EQ(DecodeCommand(missing, 0).ok(), optional)
          << "type " << command.index() << " field " << number;
      const std::set<uint16_t> texts = {2, 11, 21, 27, 33, 40, 72, 73, 81};
      const bool text = texts.contains(number);
      auto longer = content;
      longer.fields[number] += '\0';
      EXPECT_EQ(DecodeCommand(longer, 0).ok(), text) << "type " << command.index() << " field " << number;
    }
    auto unknown = content;
    unknown.fields[100] = "x";
    EXPECT_FALSE(DecodeCommand(unknown, 0).ok());
  }
}

TEST(CommandCodec, ValuesOutsideTheirRangeAreRefused) {
  auto verdict = EncodeCommand({.command = market::RecordVerdict{}}, {});
  verdict.fields[57] = "\2";
  EXPECT_FALSE(DecodeCommand(verdict, 0).ok());
  auto release = EncodeCommand({.command = market::ReleaseAttempt{}}, {});
  release.fields[56] = "\x60";
  EXPECT_FALSE(DecodeCommand(release, 0).ok());
}

market::Job SomeJob() {
  market::Job job;
  job.id.bytes = Filled<16>(1);
  job.requester = Filled<32>(2);
  job.policy.lease = market::LeasePolicy{Seconds(3), /*hedged=*/true};
  job.winning_attempt.emplace().bytes = Filled<16>(4);
  job.public_inputs = std::string(64, '\5');
  job.margin = Micros{-6};
  job.revision = 7;
  return job;
}

TEST(AnswerCodec, EveryAnswerComesBackExactly) {
  market::Attempt attempt;
  attempt.id.bytes = Filled<16>(9);
  attempt.state = market::AttemptState::kLost;
  attempt.reason = market::Reason::kWonByAnother;
  market::Circuit circuit;
  circuit.name = "c";
  ledger::Transfer transfer{.id = 3, .amount = Amount{4}, .debit = "a", .credit = "b"};
  const market::Candidacy candidacy{.job = {Filled<16>(5)}, .miner = Filled<32>(6), .leaf = 7};
  const std::vector<market::Answer> answers = {
      market::Refusal{market::RefusalCode::kNotFound, market::Reason::kRaceFull, "why"},
      market::CircuitAnswer{circuit},
      market::JobAnswer{SomeJob(), true},
      market::AttemptAnswer{attempt, SomeJob()},
      market::CommitAnswer{5, Seconds(6)},
      market::RevealAnswer{7},
      market::TransferAnswer{transfer},
      market::Done{},
      market::WithdrawalAnswer{{.id = 8,
                                .owner = Filled<32>(9),
                                .state = market::WithdrawalState::kRejected,
                                .amount = Amount{10},
                                .reference = "r",
                                .requested_at = Seconds(11),
                                .ended_at = Seconds(12),
                                .note = "n"}},
      market::SuspensionAnswer{{.active = true, .since = Seconds(13), .note = "n"}, 14},
      market::CandidacyAnswer{candidacy, SomeJob()}};
  EXPECT_EQ(answers.size(), std::variant_size_v<market::Answer>);
  for (const market::Answer& answer : answers) {
    const std::string bytes = EncodeAnswer(answer);
    const auto decoded = DecodeAnswer(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(decoded->index(), answer.index());
    EXPECT_EQ(EncodeAnswer(*decoded), bytes);
    for (size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(DecodeAnswer(bytes.substr(0, cut)).ok());
    EXPECT_FALSE(DecodeAnswer(bytes + '\0').ok());
  }
  const auto job = DecodeAnswer(EncodeAnswer(market::JobAnswer{SomeJob(), true}));
  EXPECT_TRUE(std::get<market::JobAnswer>(*job).already_proven);
  EXPECT_EQ(std::get<market::JobAnswer>(*job).job, SomeJob());
}

}  // namespace
}  // namespace prooflode::engine
