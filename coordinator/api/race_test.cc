// Whole races over the network: uploads, posting, sessions, commits, receipts, reveals, watching.
#include <atomic>
#include <thread>

#include "coordinator/api/race_fixture_test.h"
#include "prooflode/v1/artifact_service.grpc.pb.h"

namespace prooflode::api {
namespace {

TEST_F(RaceTest, FromPostingToPayment) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party first = Join(1, v1::ROLE_MINER);
  Party second = Join(2, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  Session session(first);
  session.Next(v1::SessionResponse::kWelcome);
  session.stream().GrantCredit(1);
  Session other(second);
  other.stream().GrantCredit(1);

  const v1::Job job = Post(requester, circuit, "witness");
  EXPECT_EQ(job.circuit_name(), "circuit");
  const auto offer = session.Next(v1::SessionResponse::kOffer).offer();
  EXPECT_EQ(offer.job().job_id(), job.job_id());
  EXPECT_EQ(offer.circuit().zkey_bytes(), 4u);
  other.Next(v1::SessionResponse::kOffer);

  // The witness is for those who race, and for who posted it.
  const Digest witness = Sha256(AsBytes("witness"));
  const std::string path = folder_ + "/download";
  EXPECT_EQ(client::Download(*second.connection, witness, 7, path).code(),
            absl::StatusCode::kPermissionDenied);
  const v1::Attempt attempt = Accept(first, job.job_id());
  EXPECT_TRUE(client::Download(*first.connection, witness, 7, path).ok());
  const v1::Attempt losing = Accept(second, job.job_id());
  Party stranger = Join(11, v1::ROLE_REQUESTER);
  EXPECT_EQ(client::Download(*stranger.connection, witness, 7, path).code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(client::Download(*requester.connection, witness, 7, path).ok());

  v1::GetProofRequest get_proof;
  get_proof.set_job_id(job.job_id());
  EXPECT_EQ(requester.calls->GetProof(get_proof).status().code(), absl::StatusCode::kFailedPrecondition);

  Prove(first, attempt, valid_proof_);
  const auto won = session.Next(v1::SessionResponse::kAttemptEnded);
  EXPECT_EQ(won.attempt_ended().attempt().state(), v1::ATTEMPT_STATE_WON);
  EXPECT_EQ(won.attempt_ended().paid_units(), 100u);
  EXPECT_FALSE(won.attempt_ended().has_margin_us());  // nobody was behind
  EXPECT_GT(won.event(), 0u);
  const auto lost = other.Next(v1::SessionResponse::kAttemptEnded);
  EXPECT_EQ(lost.attempt_ended().attempt().attempt_id(), losing.attempt_id());
  EXPECT_EQ(lost.attempt_ended().paid_units(), 0u);

  const auto proof = requester.calls->GetProof(get_proof);
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_EQ(proof->proof(), valid_proof_);
  EXPECT_EQ(first.calls->GetAccount({})->account().available_units(), 100u);
  const auto account = requester.calls->GetAccount({})->account();
  EXPECT_EQ(account.available_units(), 900u);
  EXPECT_EQ(account.escrow_units(), 0u);
  v1::GetJobRequest get_job;
  get_job.set_job_id(job.job_id());
  get_job.set_include_attempts(true);
  const auto final = requester.calls->GetJob(get_job);
  ASSERT_TRUE(final.ok());
  EXPECT_EQ(final->job().state(), v1::JOB_STATE_WON);
  EXPECT_EQ(final->job().winner(), StringOf(first.identity()));
  EXPECT_EQ(final->attempts_size(), 2);
}

TEST_F(RaceTest, ALeaseIsWonByOneCall) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  Session session(miner);
  session.Next(v1::SessionResponse::kWelcome);
  v1::PostJobRequest request =
      JobRequest(RegisterCircuit(requester), Upload(requester, "witness", v1::ARTIFACT_KIND_WITNESS));
  request.mutable_policy()->mutable_lease()->set_lease_us(Count(Seconds(30)));
  const auto posted = requester.calls->PostJob(request);
  ASSERT_TRUE(posted.ok()) << posted.status();
  ProveOpened(miner, Accept(miner, posted->job().job_id()), valid_proof_);
  const auto won = session.Next(v1::SessionResponse::kAttemptEnded);
  EXPECT_EQ(won.attempt_ended().attempt().state(), v1::ATTEMPT_STATE_WON);
  EXPECT_EQ(won.attempt_ended().paid_units(), 100u);
}

TEST_F(RaceTest, WatchersSeeEveryStepAndResume) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");
  std::vector<uint64_t> revisions;
  v1::JobState last = v1::JOB_STATE_UNSPECIFIED;
  bool started = false;
  const Status watched = requester.calls->WatchJob(job.job_id(), 0, [&](const v1::Job& now) {
    revisions.push_back(now.revision());
    last = now.state();
    if (!std::exchange(started, true)) {
      EXPECT_EQ(now.revision(), job.revision());
      Prove(miner, Accept(miner, job.job_id()), valid_proof_);
    }
    return true;
  });
  EXPECT_TRUE(watched.ok()) << watched;
  EXPECT_EQ(last, v1::JOB_STATE_WON);
  EXPECT_GE(revisions.size(), 2u);
  EXPECT_TRUE(std::is_sorted(revisions.begin(), revisions.end()));
  EXPECT_EQ(std::adjacent_find(revisions.begin(), revisions.end()), revisions.end());

  // Resumed behind the last: nothing new; before it: the newest state only.
  int calls = 0;
  const auto count = [&](const v1::Job&) { return ++calls, true; };
  EXPECT_TRUE(requester.calls->WatchJob(job.job_id(), revisions.back(), count).ok());
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(requester.calls->WatchJob(job.job_id(), revisions.front(), count).ok());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(requester.calls->WatchJob(std::string(16, 'n'), 0, count).code(), absl::StatusCode::kNotFound);
}

TEST_F(RaceTest, NothingIsOfferedWithoutCredit) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  Session session(miner);
  const v1::Job one = Post(requester, circuit, "one");
  const v1::Job two = Post(requester, circuit, "two");
  session.Flush();
  EXPECT_EQ(session.offers_passed(), 0);
  session.stream().GrantCredit(1);
  EXPECT_EQ(session.Next(v1::SessionResponse::kOffer).offer().job().job_id(), one.job_id());
  session.Flush();
  EXPECT_EQ(session.offers_passed(), 0);
  session.stream().GrantCredit(1);
  EXPECT_EQ(session.Next(v1::SessionResponse::kOffer).offer().job().job_id(), two.job_id());
}

TEST_F(RaceTest, ANewerSessionTakesOverAndAttemptsStay) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");
  uint64_t last_event = 0;
  v1::Attempt attempt;
  {
    Session older(miner);
    older.Next(v1::SessionResponse::kWelcome);  // it is the older one for the coordinator too
    attempt = Accept(miner, job.job_id());
    Session newer(miner);
    EXPECT_EQ(older.WaitForEnd().code(), absl::StatusCode::kAborted);
    const auto welcome = newer.Next(v1::SessionResponse::kWelcome).welcome();
    ASSERT_EQ(welcome.live_attempts_size(), 1);
    EXPECT_EQ(welcome.live_attempts(0).attempt_id(), attempt.attempt_id());
  }
  // Ends while nobody listens; also across a restart of the coordinator.
  Prove(miner, attempt, std::string(256, 'X'));
  for (int round = 0; round < 2; ++round) {
    Session again(miner, last_event);
    const auto ended = again.Next(v1::SessionResponse::kAttemptEnded);
    EXPECT_EQ(ended.attempt_ended().attempt().state(), v1::ATTEMPT_STATE_INVALID);
    EXPECT_EQ(ended.attempt_ended().attempt().reason(), v1::REASON_PROOF_INVALID);
    if (round == 0) {
      End();
      Begin();
      ASSERT_TRUE(miner.calls->GetAccount({}).ok());  // a new token
    } else {
      last_event = ended.event();
    }
  }
  Session handled(miner, last_event);
  EXPECT_EQ(handled.Next(v1::SessionResponse::kWelcome).welcome().live_attempts_size(), 0);
  handled.stream().GrantCredit(1);
  handled.Flush();  // nothing else came
}

TEST_F(RaceTest, NobodyCommitsForAnother) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  Party thief = Join(2, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");
  const v1::Attempt attempt = Accept(miner, job.job_id());
  const std::string inputs(32, '\x07');
  const auto theirs = client::MakeCommit(*thief.key, "testmarket", attempt, valid_proof_, inputs, Digest{});
  EXPECT_EQ(thief.calls->CommitProof(client::CommitRequest(*theirs)).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(miner.calls->CommitProof(client::CommitRequest(*theirs)).status().code(),
            absl::StatusCode::kInvalidArgument);  // the thief's signature
  const auto elsewhere = client::MakeCommit(*miner.key, "other", attempt, valid_proof_, inputs, Digest{});
  EXPECT_EQ(miner.calls->CommitProof(client::CommitRequest(*elsewhere)).status().code(),
            absl::StatusCode::kInvalidArgument);
  v1::Attempt stale = attempt;
  stale.set_fence(attempt.fence() + 1);
  const auto old = client::MakeCommit(*miner.key, "testmarket", stale, valid_proof_, inputs, Digest{});
  const auto refused = miner.calls->CommitProof(client::CommitRequest(*old));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(client::ReasonOf(refused.status()), v1::REASON_STALE_FENCE);
  v1::ReleaseAttemptRequest release;
  release.set_attempt_id(attempt.attempt_id());
  release.set_fence(attempt.fence());
  EXPECT_EQ(thief.calls->ReleaseAttempt(release).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(miner.calls->ReleaseAttempt(release).ok());
}

TEST_F(RaceTest, AWitnessMustBeUploadedByWhoPostsIt) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party copycat = Join(11, v1::ROLE_REQUESTER);
  GiveMoney(requester, 1000, "one");
  GiveMoney(copycat, 1000, "two");
  const std::string circuit = RegisterCircuit(requester);
  const Digest witness = Upload(requester, "witness", v1::ARTIFACT_KIND_WITNESS);
  // Digests are public; having the file is not.
  EXPECT_EQ(copycat.calls->PostJob(JobRequest(circuit, witness)).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Upload(copycat, "witness", v1::ARTIFACT_KIND_WITNESS);
  EXPECT_TRUE(copycat.calls->PostJob(JobRequest(circuit, witness)).ok());
  v1::PostJobRequest missing = JobRequest(std::string(32, 'c'), witness);
  EXPECT_EQ(requester.calls->PostJob(missing).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RaceTest, ListsComeInPages) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  std::vector<std::string> posted;
  for (int i = 0; i < 5; ++i) posted.push_back(Post(requester, circuit, std::to_string(i)).job_id());
  v1::ListJobsRequest request;
  request.set_page_size(2);
  std::vector<std::string> listed;
  while (true) {
    const auto page = requester.calls->ListJobs(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Job& job : page->jobs()) listed.push_back(job.job_id());
    if (page->next_page_token().empty()) break;
    request.set_page_token(page->next_page_token());
  }
  EXPECT_EQ(listed, std::vector<std::string>(posted.rbegin(), posted.rend()));
  v1::ListJobsRequest mine;
  mine.set_mine_only(true);
  EXPECT_EQ(Join(11, v1::ROLE_REQUESTER).calls->ListJobs(mine)->jobs_size(), 0);
  mine.set_page_token("zz");
  EXPECT_EQ(requester.calls->ListJobs(mine).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RaceTest, UploadsResumeAndWrongDigestsAreThrownAway) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  const auto stub = v1::ArtifactService::NewStub(requester.connection->channel());
  std::string content(3'000'000, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7919 >> 8);
  const Digest digest = Sha256(AsBytes(content));

  // Sends `bytes` from `offset` under `name`.
  const auto send = [&](const Digest& name, uint64_t offset, std::string_view bytes, uint64_t size) {
    grpc::ClientContext context;
    EXPECT_TRUE(requester.connection->Prepare(context, Seconds(60)).ok());
    v1::UploadArtifactResponse response;
    const auto writer = stub->UploadArtifact(&context, &response);
    v1::UploadArtifactRequest message;
    message.mutable_header()->set_digest(StringOf(name));
    message.mutable_header()->set_size_bytes(size);
    message.mutable_header()->set_kind(v1::ARTIFACT_KIND_WITNESS);
    message.mutable_header()->set_offset(offset);
    writer->Write(message);
    message.set_chunk(std::string(bytes));
    writer->Write(message);
    writer->WritesDone();
    return writer->Finish().error_code();
  };
  EXPECT_EQ(send(digest, 0, std::string_view(content).substr(0, 1'000'000), content.size()),
            grpc::StatusCode::INVALID_ARGUMENT);  // bytes are missing, and kept
  EXPECT_EQ(send(digest, 5, "x", content.size()), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(send(digest, 1'000'000, std::string(1'100'000, 'x'), content.size()),
            grpc::StatusCode::INVALID_ARGUMENT);  // a chunk too large
  uint64_t resumed_from = 0;
  client::TransferOptions options;
  options.progress = [&](uint64_t done, uint64_t) {
    if (resumed_from == 0) resumed_from = done;
  };
  const auto uploaded =
      client::Upload(*requester.connection, File("big", content), v1::ARTIFACT_KIND_WITNESS, options);
  ASSERT_TRUE(uploaded.ok()) << uploaded.status();
  EXPECT_EQ(resumed_from, 1'000'000u + (1 << 20));

  EXPECT_EQ(send(Digest{1}, 0, "content", 7), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(send(Digest{1}, 0, "content", 7), grpc::StatusCode::DATA_LOSS);  // from the beginning again

  // A download goes on from a partial file, and what does not match is thrown away.
  const std::string path = folder_ + "/down";
  File("down.partial", content.substr(0, 2'000'000));
  ASSERT_TRUE(client::Download(*requester.connection, digest, content.size(), path).ok());
  std::ifstream in(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), content);
  EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
  // Whoever began it: then the whole file is fetched.
  File("bad.partial", std::string(1000, 'x'));
  ASSERT_TRUE(client::Download(*requester.connection, digest, content.size(), folder_ + "/bad").ok());
  std::ifstream again(folder_ + "/bad", std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(again), {}), content);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/bad.partial"));
  EXPECT_EQ(client::Download(*requester.connection, digest, 10, folder_ + "/small").code(),
            absl::StatusCode::kDataLoss);  // larger than the caller was told
}

TEST_F(RaceTest, SessionsAndWatchersComeAndGo) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  GiveMoney(requester, 1000, "start");
  const std::string circuit = RegisterCircuit(requester);
  const v1::Job job = Post(requester, circuit, "first");
  std::atomic<int> offers{0};
  std::vector<std::thread> threads;
  for (uint8_t n = 1; n <= 4; ++n) {
    threads.emplace_back([&, n] {
      Party miner = Join(n, v1::ROLE_MINER);
      for (int round = 0; round < 10; ++round) {
        Session session(miner);
        session.stream().GrantCredit(10);
        if (round % 2 == 0) {
          session.Next(v1::SessionResponse::kOffer);
          ++offers;
        }
        miner.calls->WatchJob(job.job_id(), 0, [](const v1::Job&) { return false; }).IgnoreError();
      }
    });
  }
  for (int i = 0; i < 8; ++i) Post(requester, circuit, std::to_string(i));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(offers, 4 * 5);
  // A server that stops ends what is open.
  Party miner = Join(1, v1::ROLE_MINER);
  Session open(miner);
  open.Next(v1::SessionResponse::kWelcome);
  server_->Shutdown();
  EXPECT_EQ(open.WaitForEnd().code(), absl::StatusCode::kUnavailable);
}

TEST_F(RaceTest, StreamsThatEndWhileTheyOpenLeaveNothing) {
  Party requester = Join(10, v1::ROLE_REQUESTER);
  Party miner = Join(1, v1::ROLE_MINER);
  GiveMoney(requester, 1000, "start");
  const v1::Job job = Post(requester, RegisterCircuit(requester), "witness");
  Session session(miner);
  session.Next(v1::SessionResponse::kWelcome);
  {
    EngineHold hold(*engine_);
    // On one connection, so that the server has the hello when it has the watch.
    auto newer = std::make_unique<Session>(miner);
    grpc::ClientContext context;
    ASSERT_TRUE(miner.connection->Prepare(context, std::nullopt).ok());
    v1::WatchJobRequest request;
    request.set_job_id(job.job_id());
    const auto watch = v1::MarketService::NewStub(miner.connection->channel())->WatchJob(&context, request);
    WaitForWatches(1);
    newer.reset();
    context.TryCancel();
    EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
    WaitForWatches(0);
  }
  EXPECT_FALSE(
      AfterAll([&] { return broadcaster_->watchers().IsWatched(IdOf<market::JobId>(job.job_id())); }));
  session.Flush();  // no newer one took its place
}

TEST_F(RaceTest, DigestsThatLookLikePathsAreDigests) {
  Party op = Operator();
  const auto stub = v1::ArtifactService::NewStub(op.connection->channel());
  for (std::string name : {"../../../../../../etc/passwd", "/etc/shadow", "a/../../b"}) {
    v1::StatArtifactRequest request;
    request.set_digest(name);
    v1::StatArtifactResponse response;
    grpc::ClientContext context;
    ASSERT_TRUE(op.connection->Prepare(context, Seconds(10)).ok());
    EXPECT_EQ(stub->StatArtifact(&context, request, &response).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
    name.resize(32, '\0');
    Digest digest;
    std::copy(name.begin(), name.end(), digest.begin());
    EXPECT_EQ(client::Download(*op.connection, digest, 1, folder_ + "/x").code(),
              absl::StatusCode::kNotFound);
  }
}

}  // namespace
}  // namespace prooflode::api
