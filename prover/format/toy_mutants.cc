#include <algorithm>

#include "base/check.h"
#include "prover/format/toy_files.h"

namespace prooflode::toy {

namespace {

// A square root of `a` in Fq, if there is one: q = 3 (mod 4).
std::optional<Fq> Sqrt(const Fq& a) {
  Limbs exponent = Plus(Fq::kModulus, {1, 0, 0, 0});
  for (int shift = 0; shift < 2; ++shift) {
    for (int i = 0; i < 4; ++i) exponent[i] = (exponent[i] >> 1) | (i < 3 ? exponent[i + 1] << 63 : 0);
  }
  const Fq root = a.PowVartime(exponent);
  if (!(root.Square() == a)) return std::nullopt;
  return root;
}

// The complex method: with n the root of the norm, the real part of the root is the root of (a0 ± n)/2.
std::optional<Fq2> Sqrt(const Fq2& a) {
  const std::optional<Fq> norm = Sqrt(a.c0.Square() + a.c1.Square());
  if (!norm) return std::nullopt;
  const Fq half = Fq::FromU64(2).Inverse();
  for (const Fq& square : {(a.c0 + *norm) * half, (a.c0 - *norm) * half}) {
    const std::optional<Fq> real = Sqrt(square);
    if (!real || real->IsZero()) continue;
    const Fq2 root{*real, a.c1 * real->Double().Inverse()};
    if (root.Square() == a) return root;
  }
  return std::nullopt;
}

constexpr uint64_t kSmallestCofactorPrime = 10069;

}  // namespace

G2Affine OutsideSubgroup() {
  const G2Affine g = G2Generator();
  const Fq2 b = g.y.Square() - g.x.Square() * g.x;
  for (uint64_t x = 1;; ++x) {
    const Fq2 at{Fq::FromU64(x), Fq::One()};
    const std::optional<Fq2> y = Sqrt(at.Square() * at + b);
    if (!y) continue;
    const G2Affine point{at, *y};
    PL_CHECK(IsOnCurve(point));
    if (!ScalarMul(point, Fr::kModulus).IsInfinity()) return point;
  }
}

G2Affine OfSmallOrder() {
  // The twist has r·(2q - r) points.
  Limbs cofactor = Plus(Fq::kModulus, Fq::kModulus);
  fp_internal::Sub(cofactor, cofactor, Fr::kModulus);
  Limbs rest{};
  uint64_t remainder = 0;
  for (int i = 3; i >= 0; --i) {
    const auto part = (static_cast<unsigned __int128>(remainder) << 64) | cofactor[i];
    rest[i] = static_cast<uint64_t>(part / kSmallestCofactorPrime);
    remainder = static_cast<uint64_t>(part % kSmallestCofactorPrime);
  }
  PL_CHECK(remainder == 0);
  const G2Affine point = ScalarMul(ScalarMul(OutsideSubgroup(), Fr::kModulus).ToAffine(), rest).ToAffine();
  PL_CHECK(!point.IsInfinity());
  PL_CHECK(ScalarMul(point, {kSmallestCofactorPrime, 0, 0, 0}).IsInfinity());
  return point;
}

namespace {

void HeaderMutants(const std::string& valid, std::vector<Mutant>& out) {
  const auto count = static_cast<uint32_t>(Container::Of(valid).sections.size());
  for (size_t i = 0; i < 4; ++i) {
    std::string bytes = valid;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x20);
    out.push_back({absl::StrCat("magic byte ", i), bytes, "header: magic"});
  }
  for (const uint32_t version : {0u, 3u, 99u, 0x80000000u, 0xffffffffu}) {
    std::string bytes = valid;
    Put32(bytes, 4, version);
    out.push_back({absl::StrCat("version ", version), bytes, "header: version"});
  }
  for (const uint32_t n : {0u, count - 1, count + 1, 1000u}) {
    std::string bytes = valid;
    Put32(bytes, 8, n);
    out.push_back({absl::StrCat("section count ", n), bytes, "section table: "});
  }
  for (const uint32_t n : {1025u, 0x80000000u, 0xffffffffu}) {
    std::string bytes = valid;
    Put32(bytes, 8, n);
    out.push_back({absl::StrCat("section count ", n), bytes, "header: "});
  }
  for (const size_t extra : {1, 11, 12, 32, 4096}) {
    out.push_back(
        {absl::StrCat(extra, " trailing bytes"), valid + std::string(extra, '\0'), "section table: "});
  }
  for (size_t size = 0; size < valid.size(); ++size) {
    out.push_back({absl::StrCat("cut to ", size), valid.substr(0, size), size < 12 ? "header: " : "section"});
  }
}

void SizeFieldMutants(const Container& valid, const std::function<std::string(uint32_t)>& label,
                      std::vector<Mutant>& out) {
  const std::string bytes = valid.Bytes();
  size_t position = 12;
  for (const Container::Section& section : valid.sections) {
    const uint64_t size = section.content.size();
    const uint64_t content = position + 12;
    const auto put = [&](uint64_t value, const std::string& want) {
      std::string mutant = bytes;
      Put64(mutant, position + 4, value);
      out.push_back({absl::StrCat(label(section.id), " size field ", value), mutant, want});
    };
    put(size - 1, "section");
    put(size + 1, "section");
    const std::string own = label(section.id) + ": length";
    // The last five wrap to before the section, to its own header, to its end, to the start and to the end of
    // the file.
    for (const uint64_t value :
         {bytes.size() - content + 1, uint64_t{1} << 31, uint64_t{1} << 32, uint64_t{1} << 63, ~uint64_t{0},
          (uint64_t{1} << 32) + size, uint64_t{0} - 1 - size, uint64_t{0} - 12, size | (uint64_t{1} << 63),
          uint64_t{0} - content, uint64_t{0} - content + bytes.size()}) {
      // The true length of the last section is no mutant.
      if (value != size && value > bytes.size() - content) put(value, own);
    }
    position = content + size;
  }
}

void SectionMutants(const Container& valid, const std::function<std::string(uint32_t)>& label,
                    std::vector<Mutant>& out) {
  for (size_t i = 0; i < valid.sections.size(); ++i) {
    const uint32_t id = valid.sections[i].id;
    const size_t size = valid.sections[i].content.size();
    const auto resized = [&](const char* how, size_t to) {
      Container mutant = valid;
      mutant.sections[i].content.resize(to);
      out.push_back({absl::StrCat(label(id), " ", how), mutant.Bytes(), label(id) + ": "});
    };
    resized("empty", 0);
    resized("one byte short", size - 1);
    resized("one byte long", size + 1);
    resized("32 bytes long", size + 32);
    resized("half", size / 2);
    resized("doubled in length", size * 2);

    Container twice = valid;
    twice.sections.push_back(valid.sections[i]);
    out.push_back({absl::StrCat(label(id), " twice"), twice.Bytes(), label(id) + ": appears twice"});
    Container other = valid;
    other.sections[i].id = 77;
    out.push_back({absl::StrCat(label(id), " under an unknown id"), other.Bytes(), label(id) + ": missing"});
    Container missing = valid;
    missing.sections.erase(missing.sections.begin() + static_cast<ptrdiff_t>(i));
    out.push_back({absl::StrCat(label(id), " missing"), missing.Bytes(), label(id) + ": missing"});
  }
}

}  // namespace

std::vector<Mutant> ContainerMutants(const Container& valid,
                                     const std::function<std::string(uint32_t)>& label) {
  std::vector<Mutant> out;
  HeaderMutants(valid.Bytes(), out);
  SizeFieldMutants(valid, label, out);
  SectionMutants(valid, label, out);
  return out;
}

std::vector<Mutant> ContainerOddities(const Container& valid) {
  std::vector<Mutant> out;
  Container mutant = valid;
  std::reverse(mutant.sections.begin(), mutant.sections.end());
  out.push_back({"sections in reverse", mutant.Bytes(), ""});
  for (size_t i = 1; i < valid.sections.size(); ++i) {
    mutant = valid;
    std::rotate(mutant.sections.begin(), mutant.sections.begin() + static_cast<ptrdiff_t>(i),
                mutant.sections.end());
    out.push_back({absl::StrCat("sections rotated by ", i), mutant.Bytes(), ""});
  }
  for (const uint32_t id : {0u, 11u, 12345u, 0xffffffffu}) {
    mutant = valid;
    mutant.sections.insert(mutant.sections.begin() + 1, {id, "anything"});
    mutant.sections.push_back({id, ""});
    out.push_back({absl::StrCat("unknown sections ", id), mutant.Bytes(), ""});
  }
  return out;
}

}  // namespace prooflode::toy
