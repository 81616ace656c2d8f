#include "prover/format/wtns.h"

#include <string.h>

#include <array>

#include "base/check.h"
#include "prover/format/binfile.h"

namespace prooflode {

namespace {

enum Id : uint32_t { kHeader = 1, kValues = 2 };
constexpr std::array<BinSection, 2> kSections = {{{kHeader, "header"}, {kValues, "values"}}};
constexpr BinSchema kSchema = {"wtns", 2, kSections};
constexpr uint64_t kHeaderBytes = 4 + 32 + 4;

}  // namespace

Witness& Witness::operator=(const Witness& other) {
  if (this != &other) *this = Witness(other);
  return *this;
}

Witness& Witness::operator=(Witness&& other) noexcept {
  values.swap(other.values);
  return *this;
}

Witness::~Witness() {
  if (!values.empty()) explicit_bzero(values.data(), values.size() * sizeof(Limbs));
}

StatusOr<Witness> ReadWtnsFd(int fd, const std::string& name) {
  PL_ASSIGN_OR_RETURN(const BinFile file, BinFile::Open(fd, name, kSchema));
  PL_RETURN_IF_ERROR(file.WantSize(kHeader, kHeaderBytes, "a BN254 header"));
  BinCursor header(file, kHeader);
  PL_RETURN_IF_ERROR(TakePrime(header, file, kHeader, Fr::kModulus, "field"));
  PL_ASSIGN_OR_RETURN(const uint32_t count, header.TakeU32("value count"));
  if (count == 0 || count > kWitnessValuesMax) {
    return file.Error(kHeader, absl::StrCat("value count ", count, ", want 1 to ", kWitnessValuesMax));
  }
  PL_RETURN_IF_ERROR(file.WantSize(kValues, uint64_t{count} * sizeof(Limbs), absl::StrCat(count, " values")));
  Witness witness;
  PL_RETURN_IF_ERROR(TryResize(witness.values, count));
  const auto bytes = std::span(reinterpret_cast<uint8_t*>(witness.values.data()), count * sizeof(Limbs));
  PL_RETURN_IF_ERROR(file.Read(kValues, 0, bytes));
  for (uint32_t i = 0; i < count; ++i) {
    // The value itself is the owner's secret and stays out of the message.
    if (!fp_internal::Less(witness.values[i], Fr::kModulus)) {
      return file.Error(kValues,
                        absl::StrCat("value ", i, " of ", count, " is not below the scalar field's prime"));
    }
  }
  if (witness.values[0] != Limbs{1, 0, 0, 0}) return file.Error(kValues, "value 0 is not the constant 1");
  return witness;
}

StatusOr<Witness> ReadWtns(const std::string& path) {
  PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(path));
  return ReadWtnsFd(fd.get(), path);
}

Status WriteWtns(const std::string& path, const Witness& witness) {
  PL_CHECK(!witness.values.empty() && witness.values.size() <= kWitnessValuesMax);
  BinWriter out(path, kSchema.magic, kSchema.version, kSections.size(), 0600);
  out.Section(kHeader, kHeaderBytes);
  out.U32(32);
  out.Put(Fr::kModulus);
  out.U32(static_cast<uint32_t>(witness.values.size()));
  out.Section(kValues, witness.values.size() * sizeof(Limbs));
  out.Raw(std::span(witness.values));
  return out.Finish();
}

}  // namespace prooflode
