#include "transparency/signing.h"

#include <span>

namespace prooflode::transparency {
namespace {

class Encoder {
 public:
  Encoder& Variable(std::string_view field) {
    Integer(static_cast<uint32_t>(field.size()));
    bytes_.append(field);
    return *this;
  }
  Encoder& Fixed(ByteSpan field) {
    bytes_.append(AsChars(field));
    return *this;
  }
  template <typename T>
  Encoder& Integer(T value) {
    std::array<uint8_t, sizeof(T)> encoded;
    StoreLe(encoded.data(), value);
    return Fixed(encoded);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace

std::string LoginMessage(const LoginStatement& s) {
  return Encoder().Fixed(s.coordinator).Variable(s.market).Fixed(s.nonce).Integer(s.role).Take();
}

Digest ProofHash(std::string_view proof, std::string_view public_inputs) {
  Sha256Stream hash;
  hash.Update(AsBytes(proof));
  hash.Update(AsBytes(public_inputs));
  return hash.Finish();
}

Digest CommitHash(const CommitOpening& o) {
  Encoder encoder;
  encoder.Fixed(AsBytes(kCommitHashDomain)).Integer(uint8_t{0}).Variable(o.market).Fixed(o.job);
  encoder.Fixed(o.attempt).Fixed(o.miner).Fixed(o.proof_hash).Fixed(o.nonce);
  return Sha256(AsBytes(encoder.Take()));
}

std::string CommitMessage(const CommitStatement& s) {
  Encoder encoder;
  encoder.Variable(s.market).Fixed(s.job).Fixed(s.attempt).Integer(s.fence).Fixed(s.miner);
  return encoder.Fixed(s.commit_hash).Take();
}

std::string ReceiptMessage(const ReceiptStatement& s) {
  Encoder encoder;
  encoder.Variable(s.market).Integer(s.leaf_index).Fixed(s.leaf_hash).Integer(s.tree_size).Fixed(s.root);
  return encoder.Take();
}

std::string HandoverMessage(const HandoverStatement& s) {
  Encoder encoder;
  encoder.Variable(s.market).Integer(s.tree_size).Fixed(s.root).Fixed(s.retired).Fixed(s.successor);
  return encoder.Take();
}

}  // namespace prooflode::transparency
