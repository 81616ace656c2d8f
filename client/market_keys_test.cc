// What a coordinator says of its keys is believed only as far as the keys themselves say it.
#include "client/market_keys.h"

#include <gtest/gtest.h>

namespace prooflode::client {
namespace {

class MarketKeysTest : public ::testing::Test {
 protected:
  static std::string Str(ByteSpan bytes) { return std::string(AsChars(bytes)); }
  void Add(const SigningKey& from, const SigningKey& to, uint64_t size) {
    const KeyHandover handover = transparency::HandOver("m", {size, Digest{1}}, from, to);
    v1::KeyHandover* out = about_.add_key_handovers();
    out->set_retired_key(Str(handover.retired));
    out->set_successor_key(Str(handover.successor));
    out->set_tree_size(handover.tree_size);
    out->set_root_hash(Str(handover.root));
    out->set_retired_signature(Str(handover.by_retired));
    out->set_successor_signature(Str(handover.by_successor));
  }
  void Become(const SigningKey& key) { about_.set_coordinator_key(Str(key.public_key())); }

  const SigningKey first_ = SigningKey::FromSeed({1});
  const SigningKey second_ = SigningKey::FromSeed({2});
  const SigningKey third_ = SigningKey::FromSeed({3});
  v1::GetMarketResponse about_ = [] {
    v1::GetMarketResponse about;
    about.set_market("m");
    return about;
  }();
};

TEST_F(MarketKeysTest, FollowsHandovers) {
  Become(first_);
  EXPECT_EQ(KeysOf(about_)->current().key, first_.public_key());
  Add(first_, second_, 5);
  Add(second_, third_, 9);
  Become(third_);
  const auto keys = KeysOf(about_);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->current().key, third_.public_key());
  EXPECT_TRUE(keys->Has(first_.public_key()));
}

TEST_F(MarketKeysTest, RefusesWhatIsNotSigned) {
  Add(first_, second_, 5);
  Become(third_);
  EXPECT_EQ(KeysOf(about_).status().code(), absl::StatusCode::kDataLoss);
  Become(second_);
  ASSERT_TRUE(KeysOf(about_).ok());
  about_.mutable_key_handovers(0)->set_retired_key(Str(third_.public_key()));
  EXPECT_EQ(KeysOf(about_).status().code(), absl::StatusCode::kDataLoss) << "a key that has not signed";
  about_.set_market("n");
  EXPECT_FALSE(KeysOf(about_).ok());
}

TEST_F(MarketKeysTest, RefusesWrongLengths) {
  about_.set_coordinator_key("short");
  EXPECT_EQ(KeysOf(about_).status().code(), absl::StatusCode::kDataLoss);
  Add(first_, second_, 5);
  Become(second_);
  const v1::GetMarketResponse good = about_;
  using Field = std::string* (v1::KeyHandover::*)();
  for (const Field field : {&v1::KeyHandover::mutable_retired_key, &v1::KeyHandover::mutable_successor_key,
                            &v1::KeyHandover::mutable_root_hash, &v1::KeyHandover::mutable_retired_signature,
                            &v1::KeyHandover::mutable_successor_signature}) {
    about_ = good;
    (about_.mutable_key_handovers(0)->*field)()->push_back('x');
    EXPECT_EQ(KeysOf(about_).status().code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace prooflode::client
