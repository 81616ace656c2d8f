// Logging in, tokens, limits and who may do what, over the network.
#include <grpcpp/generic/generic_stub.h>

#include <future>

#include "client/channel.h"
#include "coordinator/api/api_fixture_test.h"
#include "prooflode/v1/auth_service.grpc.pb.h"
#include "transparency/signing.h"

namespace prooflode::api {
namespace {

class LoginTest : public ApiTest {
 protected:
  LoginTest()
      : channel_(client::MakeChannel({.url = Url()}).value()), auth_(v1::AuthService::NewStub(channel_)) {}

  v1::CompleteLoginRequest Signed(const SigningKey& key, v1::Role role, const std::string& market) {
    v1::BeginLoginRequest begin;
    begin.set_public_key(StringOf(key.public_key()));
    begin.set_role(role);
    v1::BeginLoginResponse challenge;
    grpc::ClientContext context;
    EXPECT_TRUE(auth_->BeginLogin(&context, begin, &challenge).ok());
    v1::CompleteLoginRequest complete;
    complete.set_public_key(begin.public_key());
    complete.set_role(role);
    complete.set_nonce(challenge.nonce());
    const std::string message = transparency::LoginMessage(
        {key_.public_key(), market, DigestOf(challenge.nonce()), static_cast<uint8_t>(role)});
    complete.set_signature(StringOf(key.Sign(transparency::kLoginDomain, AsBytes(message))));
    return complete;
  }
  grpc::StatusCode Complete(const v1::CompleteLoginRequest& request) {
    grpc::ClientContext context;
    v1::CompleteLoginResponse response;
    return auth_->CompleteLogin(&context, request, &response).error_code();
  }
  grpc::StatusCode GetAccountWith(const std::string& authorization) {
    const auto stub = v1::AccountService::NewStub(channel_);
    grpc::ClientContext context;
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    v1::GetAccountResponse response;
    return stub->GetAccount(&context, v1::GetAccountRequest(), &response).error_code();
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::AuthService::Stub> auth_;
  SigningKey miner_ = SigningKey::FromSeed({1});
};

TEST_F(LoginTest, GoodBadReplayedWrongRoleAndAnotherMarket) {
  const auto good = Signed(miner_, v1::ROLE_MINER, "testmarket");
  EXPECT_EQ(Complete(good), grpc::StatusCode::OK);
  EXPECT_EQ(Complete(good), grpc::StatusCode::UNAUTHENTICATED);  // replayed
  EXPECT_EQ(Complete(Signed(miner_, v1::ROLE_MINER, "other")), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Complete(Signed(miner_, v1::ROLE_OPERATOR, "testmarket")), grpc::StatusCode::PERMISSION_DENIED);
  auto raised = Signed(miner_, v1::ROLE_MINER, "testmarket");
  raised.set_role(v1::ROLE_REQUESTER);
  EXPECT_EQ(Complete(raised), grpc::StatusCode::UNAUTHENTICATED);
  auto short_key = good;
  short_key.mutable_public_key()->resize(31);
  EXPECT_EQ(Complete(short_key), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(LoginTest, NoTokenNoCall) {
  EXPECT_EQ(GetAccountWith(""), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(GetAccountWith("Bearer " + std::string(64, '0')), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(GetAccountWith("Basic abc"), grpc::StatusCode::UNAUTHENTICATED);
  grpc::ClientContext context;
  v1::CompleteLoginResponse login;
  ASSERT_TRUE(auth_->CompleteLogin(&context, Signed(miner_, v1::ROLE_MINER, "testmarket"), &login).ok());
  EXPECT_EQ(GetAccountWith("Bearer " + login.token()), grpc::StatusCode::OK);
}

TEST_F(LoginTest, RolesAndOwnersAreKeptApart) {
  Party miner = Join(1, v1::ROLE_MINER);
  Party requester = Join(2, v1::ROLE_REQUESTER);
  v1::DepositRequest deposit;
  deposit.set_owner(StringOf(requester.identity()));
  deposit.set_amount_units(5);
  deposit.set_external_reference("mine");
  EXPECT_EQ(requester.calls->Deposit(deposit).status().code(), absl::StatusCode::kPermissionDenied);
  v1::AcceptOfferRequest accept;
  accept.set_job_id(std::string(16, 'x'));
  EXPECT_EQ(requester.calls->AcceptOffer(accept).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(miner.calls->AcceptOffer(accept).status().code(), absl::StatusCode::kNotFound);
  v1::GetAccountRequest other;
  other.set_owner(StringOf(requester.identity()));
  EXPECT_EQ(miner.calls->GetAccount(other).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(Operator().calls->GetAccount(other).ok());
}

TEST_F(LoginTest, ARepeatedRequestGetsTheFirstAnswer) {
  Party op = Operator();
  v1::DepositRequest deposit;
  deposit.set_request_id("0123456789abcdef");
  deposit.set_owner(std::string(32, 'o'));
  deposit.set_amount_units(5);
  deposit.set_external_reference("first");
  const auto first = op.calls->Deposit(deposit);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = op.calls->Deposit(deposit);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->transfer().transfer_id(), first->transfer().transfer_id());
  EXPECT_EQ(again->account().available_units(), 5u);
  deposit.set_amount_units(6);
  EXPECT_EQ(op.calls->Deposit(deposit).status().code(), absl::StatusCode::kAlreadyExists);
  v1::ListTransfersRequest list;
  list.set_owner(deposit.owner());
  const auto transfers = op.calls->ListTransfers(list);
  ASSERT_TRUE(transfers.ok());
  EXPECT_EQ(transfers->transfers_size(), 1);
}

TEST_F(LoginTest, OversizeMessagesAreRefused) {
  Party requester = Join(2, v1::ROLE_REQUESTER);
  v1::GetJobRequest request;
  request.set_job_id(std::string(70'000, 'x'));
  EXPECT_EQ(requester.calls->GetJob(request).status().code(), absl::StatusCode::kInvalidArgument);
  request.set_job_id(std::string(3'000'000, 'x'));
  EXPECT_EQ(requester.calls->GetJob(request, {.retry_for = Micros{0}}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(LoginTest, OversizeMetadataIsRefused) {
  grpc::ClientContext context;
  context.AddMetadata("x-large", std::string(20'000, 'a'));
  v1::GetMarketResponse response;
  EXPECT_EQ(auth_->GetMarket(&context, v1::GetMarketRequest(), &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(LoginTest, CompressedRequestsAreRefused) {
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  grpc::ChannelArguments arguments;
  const auto channel = grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port_),
                                                 grpc::InsecureChannelCredentials(), arguments);
  v1::BeginLoginRequest request;
  request.set_public_key(std::string(60'000, 'a'));
  v1::BeginLoginResponse response;
  EXPECT_EQ(v1::AuthService::NewStub(channel)->BeginLogin(&context, request, &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(LoginTest, ThePinnedKeyIsTheOnlyOneAccepted) {
  client::ConnectionOptions options;
  options.channel.url = Url();
  options.coordinator_key = miner_.public_key();
  auto connection = client::Connection::Create(options, miner_, clock_, random_);
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ((*connection)->Market().status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(LoginTest, ASecondServerOnThePortFails) {
  EXPECT_EQ(StartServer(port_).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Join(1, v1::ROLE_MINER).connection->Market().ok());  // the first goes on
}

TEST_F(LoginTest, PlaintextIsForLoopback) {
  ServerOptions options;
  options.listen = "0.0.0.0:0";
  EXPECT_EQ(Server::Start(options, Parts()).status().code(), absl::StatusCode::kFailedPrecondition);
  options.insecure = true;
  EXPECT_TRUE(Server::Start(options, Parts()).ok());
}

TEST_F(LoginTest, HealthIsServed) {
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(channel_);
  grpc::ClientContext context;
  const grpc::Slice nothing("");
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { done.set_value(std::move(status)); });
  ASSERT_TRUE(done.get_future().get().ok());
  grpc::Slice bytes;
  ASSERT_TRUE(response.DumpToSingleSlice(&bytes).ok());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size()), "\x08\x01");  // SERVING
}

TEST_F(LoginTest, ARestartedCoordinatorIsLoggedInToAgain) {
  Party miner = Join(1, v1::ROLE_MINER);
  EXPECT_TRUE(miner.calls->GetAccount({}).ok());
  End();
  Begin();
  EXPECT_TRUE(miner.calls->GetAccount({}).ok());
}

TEST_F(LoginTest, AKeyThatWasHandedOverIsFollowed) {
  Party miner = Join(1, v1::ROLE_MINER);
  EXPECT_TRUE(miner.calls->GetAccount({}).ok());
  End();
  const SigningKey first = std::exchange(key_, SigningKey::FromSeed({51}));
  retiring_key_ = &first;
  Begin();
  retiring_key_ = nullptr;
  EXPECT_TRUE(miner.calls->GetAccount({}).ok());  // it was connected, and pins the first key
  EXPECT_EQ(miner.connection->Keys()->current().key, key_.public_key());
  const auto pinned = [&](const SigningKey& key) {
    client::ConnectionOptions options;
    options.channel.url = Url();
    options.coordinator_key = key.public_key();
    return client::Connection::Create(options, miner_, clock_, random_).value()->Market().status();
  };
  EXPECT_TRUE(pinned(first).ok()) << pinned(first);
  EXPECT_TRUE(pinned(key_).ok()) << pinned(key_);
  EXPECT_EQ(pinned(miner_).code(), absl::StatusCode::kPermissionDenied);
  End();
  Begin();  // once more, without the old key
  EXPECT_TRUE(miner.calls->GetAccount({}).ok());
}

TEST_F(LoginTest, AnUnreachableCoordinatorLeavesTheOutcomeOpen) {
  Party op = Operator();
  ASSERT_TRUE(op.calls->GetAccount({}).ok());
  server_->Shutdown();
  v1::DepositRequest deposit;
  deposit.set_owner(std::string(32, 'o'));
  deposit.set_amount_units(5);
  deposit.set_external_reference("first");
  const auto lost = op.calls->Deposit(deposit, {.retry_for = Micros{0}});
  EXPECT_EQ(lost.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(client::IsOutcomeUnknown(lost.status()));
}

}  // namespace
}  // namespace prooflode::api
