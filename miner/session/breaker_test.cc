#include <gtest/gtest.h>

#include "miner/session/session_fixture_test.h"

namespace prooflode::miner {
namespace {

constexpr uint64_t kPlenty = uint64_t{1} << 40;

TEST_F(SessionTest, AFullDiskStopsNewWorkAndGivesBackWhatHasNotBegun) {
  Make({.devices = 2});
  Connect();
  StartProving(1, 1);
  Feed(event::Offer{2, MakeJob(2)});
  const auto accept = Only<action::Accept>();
  Feed(event::AcceptAnswered{accept.request, accept.job, CallResult::kOk, {}, MakeAttempt(2, 2)});
  Only<action::Fetch>();
  Feed(event::FilesRoom{0});
  EXPECT_TRUE(session_->paused());
  EXPECT_EQ(Only<action::ReportBreaker>().reason, StopReason::kDisk);
  Only<action::CancelFetch>();
  EXPECT_EQ(Only<action::Release>().attempt.id, MakeAttempt(2, 2).id);
  EXPECT_TRUE(All<action::CancelProving>().empty());
  Feed(event::FilesRoom{0});  // said once
  EXPECT_TRUE(All<action::ReportBreaker>().empty());
  EXPECT_TRUE(All<action::Release>().empty());
  MakeProof(1);  // what was under way goes on
  Feed(event::Offer{3, MakeJob(3)});
  EXPECT_TRUE(All<action::Accept>().empty());
  EXPECT_TRUE(All<action::SendCredit>().empty());
  Feed(event::FilesRoom{kPlenty});
  EXPECT_FALSE(session_->paused());
  EXPECT_FALSE(Only<action::ReportBreaker>().open);
  EXPECT_FALSE(All<action::SendCredit>().empty());
}

TEST_F(SessionTest, WhoIsAdmittedWithoutMemoryGivesThePlaceBack) {
  Make();
  Connect();
  Feed(event::Offer{1, MakeJob(1)});
  const auto accept = Only<action::Accept>();
  Feed(event::MemoryLow{true});
  EXPECT_EQ(Only<action::ReportBreaker>().reason, StopReason::kMemory);
  Feed(event::AcceptAnswered{accept.request, accept.job, CallResult::kOk, {}, MakeAttempt(1, 1)});
  EXPECT_TRUE(All<action::Fetch>().empty());
  EXPECT_EQ(Only<action::Release>().attempt.id, MakeAttempt(1, 1).id);
}

TEST_F(SessionTest, WorkIsTakenAgainOnceEveryReasonIsGone) {
  Make();
  Connect();
  Feed(event::MemoryLow{true});
  Feed(event::FilesRoom{0});
  EXPECT_EQ(session_->stopped_for(), (std::set{StopReason::kDisk, StopReason::kMemory}));
  Feed(event::FilesRoom{kPlenty});
  EXPECT_TRUE(session_->paused());
  Feed(event::Offer{1, MakeJob(1)});
  EXPECT_TRUE(All<action::Accept>().empty());
  Feed(event::MemoryLow{false});
  EXPECT_EQ(Only<action::Accept>().job, MakeJob(1).id);
}

TEST_F(SessionTest, WhatCannotBeMetAnyMoreIsGivenBackBeforeItBegins) {
  Make();
  Connect();
  OfferedJob job = MakeJob(1);
  job.lease = Seconds(60);
  Feed(event::Offer{1, job});
  const auto accept = Only<action::Accept>();
  Feed(event::AcceptAnswered{accept.request, accept.job, CallResult::kOk, {}, MakeAttempt(1, 1)});
  Only<action::Fetch>();
  Advance(Seconds(1));
  EXPECT_TRUE(All<action::Release>().empty());
  Feed(event::HeartbeatSeen{});
  Advance(Seconds(59));  // the files are still on their way, and proving takes some time
  EXPECT_EQ(Only<action::Release>().attempt.id, MakeAttempt(1, 1).id);
  EXPECT_EQ(Only<action::ReportFailed>().job, job.id);
}

}  // namespace
}  // namespace prooflode::miner
