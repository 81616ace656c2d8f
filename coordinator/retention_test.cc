#include "coordinator/retention.h"

#include <gmock/gmock.h>

#include "base/bytes.h"

namespace prooflode::coordinator {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Digest Name(uint8_t n) {
  Digest digest{};
  digest.fill(n);
  return digest;
}

market::Job JobWith(uint8_t id, uint8_t witness, market::JobState state, Micros settled_at) {
  market::Job job;
  job.id.bytes.fill(id);
  job.witness_digest = Name(witness);
  job.state = state;
  job.settled_at = settled_at;
  return job;
}

TEST(Retention, TheLongestUseCounts) {
  market::Market market{market::Rules{}};
  market::Circuit circuit;
  circuit.zkey_digest = Name(1);
  circuit.r1cs_digest = Name(2);
  market.LoadCircuit(circuit);
  market.LoadJob(JobWith(1, 3, market::JobState::kWon, Seconds(10)));
  market.LoadJob(JobWith(2, 3, market::JobState::kExpired, Seconds(20)));
  market.LoadJob(JobWith(3, 4, market::JobState::kWon, Seconds(30)));
  market.LoadJob(JobWith(4, 4, market::JobState::kOpen, Micros{}));
  const std::map<Digest, Micros> keep = KeepUntil(market, Seconds(100));
  EXPECT_EQ(keep.size(), 4u);
  EXPECT_EQ(keep.at(Name(1)), kForEver);
  EXPECT_EQ(keep.at(Name(2)), kForEver);
  EXPECT_EQ(keep.at(Name(3)), Seconds(120));
  EXPECT_EQ(keep.at(Name(4)), kForEver);
}

TEST(Retention, MissingFilesAreNamed) {
  market::Market market{market::Rules{}};
  market::Circuit circuit;
  circuit.zkey_digest = Name(1);
  market.LoadCircuit(circuit);
  market.LoadJob(JobWith(1, 3, market::JobState::kWon, Seconds(10)));  // needs its witness no more
  for (uint8_t i = 4; i < 16; ++i) market.LoadJob(JobWith(i, i, market::JobState::kOpen, Micros{}));
  EXPECT_EQ(MissingArtifacts(market, [](const Digest& digest) { return digest != Name(3); }), "");
  EXPECT_THAT(MissingArtifacts(market, [](const Digest& digest) { return digest != Name(5); }),
              HasSubstr("missing: 1 (" + HexEncode(Name(5)) + ")"));
  EXPECT_THAT(MissingArtifacts(market, [](const Digest&) { return false; }),
              AllOf(HasSubstr("missing: 13 (" + HexEncode(Name(1))), HasSubstr(" and 3 more)")));
}

}  // namespace
}  // namespace prooflode::coordinator
