#include "coordinator/api/auth.h"

#include <gtest/gtest.h>

#include "base/sim/sim_env.h"
#include "transparency/signing.h"

namespace prooflode::api {
namespace {

class AuthTest : public testing::Test {
 protected:
  AuthTest() : auth_(Options(operator_.public_key(), coordinator_.public_key()), clock_, random_) {}

  static AuthOptions Options(const PublicKey& operator_key, const PublicKey& coordinator) {
    AuthOptions options;
    options.market = "market";
    options.coordinator_key = coordinator;
    options.operator_keys = {operator_key};
    options.tokens_per_key_max = 2;
    options.tokens_max = 4;
    options.failures_per_minute_max = 3;
    options.logins_per_minute_max = 5;
    return options;
  }

  Authenticator::Login Signed(const SigningKey& key, Role role, const Digest& nonce,
                              std::string_view market = "market") {
    Authenticator::Login login{key.public_key(), role, nonce, {}};
    login.signature = key.Sign(transparency::kLoginDomain,
                               AsBytes(transparency::LoginMessage(
                                   {coordinator_.public_key(), market, nonce, static_cast<uint8_t>(role)})));
    return login;
  }
  Authenticator::Login Fresh(const SigningKey& key, Role role) {
    return Signed(key, role, auth_.BeginLogin(key.public_key(), role));
  }
  absl::StatusCode Code(const Authenticator::Login& login, std::string_view address = "127.0.0.1") {
    return auth_.CompleteLogin(login, address).status().code();
  }

  SimClock clock_;
  SimRandom random_{1};
  SigningKey coordinator_ = SigningKey::FromSeed({1});
  SigningKey operator_ = SigningKey::FromSeed({2});
  SigningKey miner_ = SigningKey::FromSeed({3});
  Authenticator auth_;
};

constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;

TEST_F(AuthTest, AGoodLoginGivesATokenForKeyAndRole) {
  const auto token = auth_.CompleteLogin(Fresh(miner_, Role::kMiner), "127.0.0.1");
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->text.size(), 64u);
  const auto caller = auth_.Authenticate(token->text);
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->identity, miner_.public_key());
  EXPECT_EQ(caller->role, Role::kMiner);
  std::string other = token->text;
  other[0] = other[0] == '0' ? '1' : '0';
  EXPECT_EQ(auth_.Authenticate(other).status().code(), kUnauthenticated);
  EXPECT_EQ(auth_.Authenticate("").status().code(), kUnauthenticated);
}

TEST_F(AuthTest, ANonceServesOnceAndAMinute) {
  const auto login = Fresh(miner_, Role::kMiner);
  EXPECT_TRUE(auth_.CompleteLogin(login, "").ok());
  EXPECT_EQ(Code(login), kUnauthenticated);
  const auto late = Fresh(miner_, Role::kMiner);
  clock_.Advance(Seconds(60));
  EXPECT_EQ(Code(late), kUnauthenticated);
  const auto in_time = Fresh(miner_, Role::kMiner);
  clock_.Advance(Seconds(59));
  EXPECT_TRUE(auth_.CompleteLogin(in_time, "").ok());
}

TEST_F(AuthTest, WhatWasNotSignedForThisIsRefused) {
  const Digest nonce = auth_.BeginLogin(miner_.public_key(), Role::kMiner);
  EXPECT_EQ(Code(Signed(miner_, Role::kMiner, nonce, "other market")), kUnauthenticated);
  EXPECT_EQ(Code(Signed(miner_, Role::kRequester, nonce)), kUnauthenticated);  // nonce for another role
  EXPECT_EQ(Code(Signed(operator_, Role::kMiner, nonce)), kUnauthenticated);   // for another key
  EXPECT_EQ(Code(Signed(miner_, Role::kMiner, Digest{})), kUnauthenticated);   // not from us
  auto stolen = Signed(operator_, Role::kMiner, nonce);
  stolen.key = miner_.public_key();
  EXPECT_EQ(Code(stolen), kUnauthenticated);  // another key's signature
  auto flipped = Signed(miner_, Role::kMiner, nonce);
  flipped.signature[10] ^= 1;
  EXPECT_EQ(Code(flipped), kUnauthenticated);
  EXPECT_TRUE(auth_.CompleteLogin(Signed(miner_, Role::kMiner, nonce), "").ok());
}

TEST_F(AuthTest, OnlyNamedKeysAreOperators) {
  EXPECT_EQ(Code(Fresh(miner_, Role::kOperator)), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(auth_.CompleteLogin(Fresh(operator_, Role::kOperator), "").ok());
}

TEST_F(AuthTest, TokensExpireAndTheOldestOfAKeyGivesWay) {
  const auto first = auth_.CompleteLogin(Fresh(miner_, Role::kMiner), "");
  const auto second = auth_.CompleteLogin(Fresh(miner_, Role::kMiner), "");
  EXPECT_TRUE(auth_.Authenticate(first->text).ok());
  const auto third = auth_.CompleteLogin(Fresh(miner_, Role::kMiner), "");
  EXPECT_FALSE(auth_.Authenticate(first->text).ok());
  EXPECT_TRUE(auth_.Authenticate(second->text).ok());
  EXPECT_TRUE(auth_.Authenticate(third->text).ok());
  clock_.Advance(Seconds(12 * 3600));
  EXPECT_FALSE(auth_.Authenticate(third->text).ok());
}

TEST_F(AuthTest, AnAddressThatFailsTooOftenWaits) {
  const auto bad = Signed(miner_, Role::kMiner, Digest{});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Code(bad, "192.0.2.1"), kUnauthenticated);
  EXPECT_EQ(Code(Fresh(miner_, Role::kMiner), "192.0.2.1"), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(auth_.CompleteLogin(Fresh(miner_, Role::kMiner), "192.0.2.2").ok());
  clock_.Advance(Seconds(61));
  EXPECT_TRUE(auth_.CompleteLogin(Fresh(miner_, Role::kMiner), "192.0.2.1").ok());
}

TEST_F(AuthTest, TheOldestTokenGivesWayButNeverAnOperators) {
  const auto of_operator = auth_.CompleteLogin(Fresh(operator_, Role::kOperator), "");
  ASSERT_TRUE(of_operator.ok());
  std::vector<std::string> tokens;
  for (uint8_t n = 10; n < 15; ++n) {
    const auto token = auth_.CompleteLogin(Fresh(SigningKey::FromSeed({n}), Role::kMiner), "");
    ASSERT_TRUE(token.ok()) << token.status();
    tokens.push_back(token->text);
  }
  EXPECT_FALSE(auth_.Authenticate(tokens[0]).ok());
  for (size_t i = 1; i < tokens.size(); ++i) EXPECT_TRUE(auth_.Authenticate(tokens[i]).ok()) << i;
  EXPECT_TRUE(auth_.Authenticate(of_operator->text).ok());
}

TEST_F(AuthTest, AnAddressThatLogsInTooOftenWaitsButNoOperator) {
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(Code(Fresh(miner_, Role::kMiner), "192.0.2.1"), absl::StatusCode::kOk);
  EXPECT_EQ(Code(Fresh(miner_, Role::kMiner), "192.0.2.1"), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Code(Fresh(miner_, Role::kMiner), "127.0.0.1"), absl::StatusCode::kOk);
  EXPECT_EQ(Code(Fresh(operator_, Role::kOperator), "192.0.2.1"), absl::StatusCode::kOk);
  clock_.Advance(Seconds(61));
  EXPECT_EQ(Code(Fresh(miner_, Role::kMiner), "192.0.2.1"), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace prooflode::api
