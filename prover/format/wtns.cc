#include "prover/format/wtns.h"

#include <string.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "prover/format/binfile.h"

namespace prooflode {

namespace {

enum Id : uint32_t { kHeader = 1, kValues = 2 };
constexpr std::array<BinSection, 2> kSections = {{{kHeader, "header"}, {kValues, "values"}}};
constexpr BinSchema kSchema = {"wtns", 2, kSections};
constexpr uint64_t kHeaderBytes = 4 + 32 + 4;
// Values that are read and checked at a time.
constexpr size_t kBlock = 8192;

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

StatusOr<Witness> ReadWtnsFd(int fd, const std::string& name, const CancelToken* cancel) {
  PL_ASSIGN_OR_RETURN(const BinFile file, BinFile::Open(fd, name, kSchema, cancel));
  PL_RETURN_IF_ERROR(file.WantSize(kHeader, kHeaderBytes, "a BN254 header"));
  BinCursor header(file, kHeader);
  PL_RETURN_IF_ERROR(TakePrime(header, file, kHeader, Fr::kModulus, "field"));
  PL_ASSIGN_OR_RETURN(const uint32_t count, header.TakeU32("value count"));
  if (count == 0 || count > kWitnessValuesMax) {
    return file.Error(kHeader, absl::StrCat("value count ", count, ", want 1 to ", kWitnessValuesMax));
  }
  PL_RETURN_IF_ERROR(file.WantSize(kValues, uint64_t{count} * sizeof(Limbs), absl::StrCat(count, " values")));
  Witness witness;
  PL_RETURN_IF_ERROR(file.Resize(kValues, count, witness.values));
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const auto block = std::span(witness.values).subspan(begin, std::min(kBlock, count - begin));
    PL_RETURN_IF_ERROR(file.Read(kValues, begin * sizeof(Limbs),
                                 {reinterpret_cast<uint8_t*>(block.data()), block.size_bytes()}));
    for (size_t i = 0; i < block.size(); ++i) {
      // The value itself is the owner's secret and stays out of the message.
      if (!fp_internal::Less(block[i], Fr::kModulus)) {
        return file.Error(kValues, absl::StrCat("value ", begin + i, " of ", count,
                                                " is not below the scalar field's prime"));
      }
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
