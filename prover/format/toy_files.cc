#include "prover/format/toy_files.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "base/check.h"
#include "prover/format/binfile.h"
#include "prover/format/zkey.h"

namespace prooflode::toy {

namespace {

G1Affine G1(uint64_t k) { return ScalarMul(G1Generator(), {k, 0, 0, 0}).ToAffine(); }
G2Affine G2(uint64_t k) { return ScalarMul(G2Generator(), {k, 0, 0, 0}).ToAffine(); }

}  // namespace

groth16::ProvingKey Key() {
  groth16::ProvingKey key;
  key.variable_count = 6;
  key.public_count = 2;
  key.log_domain = 3;
  key.verifying_key = {G1(2), G2(3), G2(5), G2(7), {G1(11), G1(12), G1(13)}};
  key.beta_g1 = G1(3);
  key.delta_g1 = G1(7);
  for (uint32_t i = 0; i < 6; ++i) {
    key.coefficients.push_back({i & 1, i & 7, 5 - i, Fr::FromU64(1000 + i)});
    key.a.push_back(i == 4 ? G1Affine::Infinity() : G1(20 + i));
    key.b1.push_back(i == 0 ? G1Affine::Infinity() : G1(30 + i));
    key.b2.push_back(i == 0 ? G2Affine::Infinity() : G2(30 + i));
  }
  for (uint64_t i = 0; i < 3; ++i) key.c.push_back(G1(50 + i));
  for (uint64_t i = 0; i < 8; ++i) key.h.push_back(G1(60 + i));
  return key;
}

ConstraintSystem Cube() {
  ConstraintSystem system;
  system.wire_count = 4;  // 1, out, x, y
  system.public_output_count = 1;
  system.private_input_count = 1;
  // Every equation scaled by a full-size factor, so that no stretch of the file can be taken for another.
  const Fr a = Fr::FromU64(3).Inverse();
  const Fr b = Fr::FromU64(7).Inverse();
  system.terms = {{2, a}, {2, b}, {3, a * b}, {3, -a}, {2, b}, {1, -(a * b)}};
  system.offsets = {0, 1, 2, 3, 4, 5, 6};
  return system;
}

Witness CubeWitness() {
  Witness witness;
  witness.values = {Limbs{1, 0, 0, 0}, Limbs{27, 0, 0, 0}, Limbs{3, 0, 0, 0}, Limbs{9, 0, 0, 0}};
  return witness;
}

std::string Written(const std::function<Status(const std::string&)>& write) {
  static std::atomic<int> number = 0;
  const std::string path =
      std::filesystem::temp_directory_path() / absl::StrCat("prooflode-toy-", getpid(), "-", number++);
  PL_CHECK(write(path).ok());
  StatusOr<std::string> bytes = ReadFile(path, 1 << 20);
  PL_CHECK(bytes.ok());
  PL_CHECK(unlink(path.c_str()) == 0);
  return *std::move(bytes);
}

std::string KeyBytes() {
  return Written([](const std::string& path) { return WriteZkey(path, Key()); });
}
std::string CubeBytes() {
  return Written([](const std::string& path) { return WriteR1cs(path, Cube()); });
}
std::string CubeWitnessBytes() {
  return Written([](const std::string& path) { return WriteWtns(path, CubeWitness()); });
}

UniqueFd MemoryFile(std::string_view content) {
  UniqueFd fd(memfd_create("prooflode", MFD_CLOEXEC));
  PL_CHECK(fd.valid());
  PL_CHECK(WriteAll(fd.get(), AsBytes(content), "memory").ok());
  return fd;
}

Container Container::Of(const std::string& bytes) {
  const auto* const data = reinterpret_cast<const uint8_t*>(bytes.data());
  Container out{bytes.substr(0, 4), LoadLe<uint32_t>(data + 4), {}};
  const auto count = LoadLe<uint32_t>(data + 8);
  size_t position = 12;
  for (uint32_t i = 0; i < count; ++i) {
    const auto size = static_cast<size_t>(LoadLe<uint64_t>(data + position + 4));
    out.sections.push_back({LoadLe<uint32_t>(data + position), bytes.substr(position + 12, size)});
    position += 12 + size;
  }
  PL_CHECK(position == bytes.size());
  return out;
}

std::string& Container::operator[](uint32_t id) {
  for (Section& section : sections) {
    if (section.id == id) return section.content;
  }
  PL_CHECK(false);
  return sections.front().content;
}

std::string Container::Bytes() const {
  std::string out(12, '\0');
  out.replace(0, 4, magic);
  Put32(out, 4, version);
  Put32(out, 8, static_cast<uint32_t>(sections.size()));
  for (const Section& section : sections) {
    std::string head(12, '\0');
    Put32(head, 0, section.id);
    Put64(head, 4, section.content.size());
    out += head + section.content;
  }
  return out;
}

void Put32(std::string& content, size_t offset, uint32_t value) {
  PL_CHECK(offset + 4 <= content.size());
  StoreLe(reinterpret_cast<uint8_t*>(content.data()) + offset, value);
}
void Put64(std::string& content, size_t offset, uint64_t value) {
  PL_CHECK(offset + 8 <= content.size());
  StoreLe(reinterpret_cast<uint8_t*>(content.data()) + offset, value);
}
void PutLimbs(std::string& content, size_t offset, const Limbs& value) {
  for (size_t i = 0; i < 4; ++i) Put64(content, offset + 8 * i, value[i]);
}

Limbs GetLimbs(const std::string& content, size_t offset) {
  PL_CHECK(offset + 32 <= content.size());
  return LoadLimbs(reinterpret_cast<const uint8_t*>(content.data()) + offset);
}
Limbs Plus(const Limbs& value, const Limbs& addend) {
  Limbs sum;
  PL_CHECK(fp_internal::Add(sum, value, addend) == 0);
  return sum;
}

}  // namespace prooflode::toy
