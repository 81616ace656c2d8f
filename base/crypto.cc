#include "base/crypto.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/files.h"

namespace prooflode {

namespace {

constexpr std::string_view kKeyFilePrefix = "prooflode-ed25519-seed-v1 ";
constexpr size_t kKeyFileBytesMax = 4096;

struct PkeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Pkey = std::unique_ptr<EVP_PKEY, PkeyDeleter>;

struct MdContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using MdContext = std::unique_ptr<EVP_MD_CTX, MdContextDeleter>;

std::string Tagged(std::string_view domain, ByteSpan message) {
  std::string bytes(domain);
  bytes.push_back('\0');
  bytes.append(AsChars(message));
  return bytes;
}

Signature SignBytes(const std::array<uint8_t, 32>& seed, ByteSpan bytes) {
  Pkey pkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  MdContext context(EVP_MD_CTX_new());
  PL_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1);
  Signature signature;
  size_t length = signature.size();
  PL_CHECK(EVP_DigestSign(context.get(), signature.data(), &length, bytes.data(), bytes.size()) == 1);
  return signature;
}

bool VerifyBytes(const PublicKey& key, ByteSpan bytes, const Signature& signature) {
  Pkey pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  if (pkey == nullptr) return false;
  MdContext context(EVP_MD_CTX_new());
  if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) != 1) return false;
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytes.data(), bytes.size()) == 1;
}

bool HasZeroByte(std::string_view text) { return text.find('\0') != std::string_view::npos; }

}  // namespace

Digest Sha256(ByteSpan data) {
  Digest digest;
  unsigned length = 0;
  PL_CHECK(EVP_Digest(data.data(), data.size(), digest.data(), &length, EVP_sha256(), nullptr) == 1);
  return digest;
}

struct Sha256Stream::State {
  MdContext context{EVP_MD_CTX_new()};
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  PL_CHECK(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::Update(ByteSpan data) {
  PL_CHECK(EVP_DigestUpdate(state_->context.get(), data.data(), data.size()) == 1);
}

Digest Sha256Stream::Finish() {
  Digest digest;
  PL_CHECK(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr) == 1);
  return digest;
}

SigningKey SigningKey::FromSeed(const std::array<uint8_t, 32>& seed) {
  SigningKey key;
  key.seed_ = seed;
  Pkey pkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  PL_CHECK(pkey != nullptr);
  size_t length = key.public_key_.size();
  PL_CHECK(EVP_PKEY_get_raw_public_key(pkey.get(), key.public_key_.data(), &length) == 1);
  return key;
}

SigningKey SigningKey::Generate(Random& random) {
  std::array<uint8_t, 32> seed;
  random.Fill(seed);
  SigningKey key = FromSeed(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  return key;
}

SigningKey::SigningKey(SigningKey&& other) noexcept { *this = std::move(other); }

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  if (this != &other) {
    seed_ = other.seed_;
    public_key_ = other.public_key_;
    OPENSSL_cleanse(other.seed_.data(), other.seed_.size());
  }
  return *this;
}

SigningKey::~SigningKey() { OPENSSL_cleanse(seed_.data(), seed_.size()); }

Signature SigningKey::Sign(std::string_view domain, ByteSpan message) const {
  return SignBytes(seed_, AsBytes(Tagged(domain, message)));
}

Signature SigningKey::SignText(std::string_view text) const {
  PL_CHECK(!HasZeroByte(text));
  return SignBytes(seed_, AsBytes(text));
}

std::string SigningKey::Serialize() const {
  std::string hex = HexEncode(seed_);
  std::string line = absl::StrCat(Sv(kKeyFilePrefix), hex, "\n");
  OPENSSL_cleanse(hex.data(), hex.size());
  return line;
}

StatusOr<SigningKey> SigningKey::Parse(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (!text.starts_with(kKeyFilePrefix)) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a prooflode key: want a line that begins with \"", Sv(kKeyFilePrefix), "\""));
  }
  std::optional<std::string> raw = HexDecode(text.substr(kKeyFilePrefix.size()));
  std::array<uint8_t, 32> seed;
  if (!raw || raw->size() != seed.size()) {
    return absl::InvalidArgumentError("key seed: want 64 lower-case hexadecimal digits");
  }
  std::copy(raw->begin(), raw->end(), seed.begin());
  SigningKey key = FromSeed(seed);
  OPENSSL_cleanse(raw->data(), raw->size());
  OPENSSL_cleanse(seed.data(), seed.size());
  return key;
}

bool VerifySignature(const PublicKey& key, std::string_view domain, ByteSpan message,
                     const Signature& signature) {
  return VerifyBytes(key, AsBytes(Tagged(domain, message)), signature);
}

bool VerifyTextSignature(const PublicKey& key, std::string_view text, const Signature& signature) {
  return !HasZeroByte(text) && VerifyBytes(key, AsBytes(text), signature);
}

StatusOr<SigningKey> LoadSigningKey(const std::string& path) {
  PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(path));
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, path);
  // One byte more than a key may have: a longer file does not parse.
  std::string text(std::min<size_t>(static_cast<size_t>(info.st_size), kKeyFileBytesMax + 1), '\0');
  PL_RETURN_IF_ERROR(ReadExactly(fd.get(), 0, {reinterpret_cast<uint8_t*>(text.data()), text.size()}, path));
  // What is no key at all is told first: nobody shall change the mode of another file.
  if (text.starts_with(kKeyFilePrefix) && (info.st_mode & 077) != 0) {
    OPENSSL_cleanse(text.data(), text.size());
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": others may read this key; want mode 0600 (chmod 600 ", path, ")"));
  }
  StatusOr<SigningKey> key = SigningKey::Parse(text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!key.ok()) return Annotate(key.status(), path);
  return key;
}

StatusOr<SigningKey> CreateSigningKey(const std::string& path, Random& random) {
  SigningKey key = SigningKey::Generate(random);
  std::string text = key.Serialize();
  const Status status = CreateFileDurably(path, AsBytes(text), 0600);
  OPENSSL_cleanse(text.data(), text.size());
  PL_RETURN_IF_ERROR(status);
  return key;
}

}  // namespace prooflode
