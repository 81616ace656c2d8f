#include "prover/format/r1cs.h"

#include <array>

#include "base/check.h"
#include "prover/format/binfile.h"

namespace prooflode {

namespace {

enum Id : uint32_t { kHeader = 1, kConstraints = 2, kLabels = 3, kCustomGates = 4, kCustomGateUses = 5 };
constexpr std::array<BinSection, 5> kSections = {
    {{kHeader, "header"},
     {kConstraints, "constraints"},
     {kLabels, "wire labels", BinSection::kOptional},
     {kCustomGates, "custom gates", BinSection::kRefused},
     {kCustomGateUses, "custom gate uses", BinSection::kRefused}}};
constexpr BinSchema kSchema = {"r1cs", 1, kSections};
constexpr uint64_t kHeaderBytes = 4 + 32 + 4 * 4 + 8 + 4;
constexpr uint64_t kTermBytes = 4 + 32;
constexpr uint64_t kCombinationHeaderBytes = 4;

// Fills the counts of `system`; the number of constraints comes back.
StatusOr<uint32_t> ReadHeader(const BinFile& file, ConstraintSystem& system) {
  PL_RETURN_IF_ERROR(file.WantSize(kHeader, kHeaderBytes, "a BN254 header"));
  BinCursor cursor(file, kHeader);
  PL_RETURN_IF_ERROR(TakePrime(cursor, file, kHeader, Fr::kModulus, "field"));
  PL_ASSIGN_OR_RETURN(system.wire_count, cursor.TakeU32("wire count"));
  PL_ASSIGN_OR_RETURN(system.public_output_count, cursor.TakeU32("public output count"));
  PL_ASSIGN_OR_RETURN(system.public_input_count, cursor.TakeU32("public input count"));
  PL_ASSIGN_OR_RETURN(system.private_input_count, cursor.TakeU32("private input count"));
  PL_RETURN_IF_ERROR(cursor.Skip(8, "label count"));  // nothing here is indexed by label
  PL_ASSIGN_OR_RETURN(const uint32_t constraints, cursor.TakeU32("constraint count"));
  const auto error = [&file](const auto&... parts) { return file.Error(kHeader, absl::StrCat(parts...)); };
  if (system.wire_count == 0 || system.wire_count > kWiresMax) {
    return error("wire count ", system.wire_count, ", want 1 to ", kWiresMax);
  }
  // Unused private inputs have no wire in what circom writes, so their count may be anything.
  if (uint64_t{1} + system.public_output_count + system.public_input_count > system.wire_count) {
    return error(system.public_output_count, " public outputs and ", system.public_input_count,
                 " public inputs, want fewer together than the wire count ", system.wire_count);
  }
  if (constraints > kConstraintsMax)
    return error("constraint count ", constraints, ", want at most ", kConstraintsMax);
  if (file.Has(kLabels)) {
    PL_RETURN_IF_ERROR(
        file.WantSize(kLabels, uint64_t{system.wire_count} * 8, absl::StrCat(system.wire_count, " wires")));
  }
  return constraints;
}

// One linear combination of at most `room` terms, appended to system.terms.
Status ReadCombination(const BinFile& file, BinCursor& cursor, size_t room, ConstraintSystem& system) {
  const auto error = [&](const auto&... parts) {
    constexpr std::string_view kNames = "ABC";
    const size_t combination = system.offsets.size() - 1;
    return file.Error(kConstraints, absl::StrCat(parts..., " (constraint ", combination / 3, ", combination ",
                                                 Sv(kNames.substr(combination % 3, 1)), ")"));
  };
  PL_ASSIGN_OR_RETURN(const uint32_t count, cursor.TakeU32("term count"));
  if (count > room) return error(count, " terms, but the section has room for ", room);
  for (uint32_t i = 0; i < count; ++i) {
    PL_ASSIGN_OR_RETURN(const uint8_t* const bytes, cursor.Take(kTermBytes, "term"));
    const auto wire = LoadLe<uint32_t>(bytes);
    if (wire >= system.wire_count) return error("wire index ", wire, " >= wire count ", system.wire_count);
    const Limbs canonical = LoadLimbs(bytes + 4);
    const std::optional<Fr> coefficient = Fr::FromCanonical(canonical);
    if (!coefficient)
      return error("coefficient ", LimbsToHex(canonical), " is not below the scalar field's prime");
    system.terms.push_back({wire, *coefficient});
  }
  system.EndCombination();
  return absl::OkStatus();
}

// Makes room for `count` elements.
template <typename T>
Status Reserve(const BinFile& file, size_t count, std::vector<T>& vector) {
  PL_RETURN_IF_ERROR(file.Resize(kConstraints, count, vector));
  vector.clear();
  return absl::OkStatus();
}

Fr Evaluate(std::span<const Term> combination, std::span<const Limbs> values) {
  Fr sum;
  // (coefficient·R)·value/R: the canonical form of the product.
  for (const Term& term : combination) sum += term.coefficient() * Fr{values[term.wire]};
  return sum;
}

}  // namespace

void ConstraintSystem::EndCombination() {
  PL_CHECK(terms.size() <= kTermsMax);
  offsets.push_back(static_cast<uint32_t>(terms.size()));
}

StatusOr<ConstraintSystem> ReadR1csFd(int fd, const std::string& name) {
  PL_ASSIGN_OR_RETURN(const BinFile file, BinFile::Open(fd, name, kSchema));
  ConstraintSystem system;
  PL_ASSIGN_OR_RETURN(const uint32_t constraints, ReadHeader(file, system));
  // The length fixes the number of terms, so that memory is taken once and for what is really there.
  const uint64_t combinations = uint64_t{constraints} * 3;
  const uint64_t fixed = combinations * kCombinationHeaderBytes;
  const uint64_t size = file.SizeOf(kConstraints);
  if (size < fixed || (size - fixed) % kTermBytes != 0) {
    return file.Error(kConstraints,
                      absl::StrCat("length ", size, ", want ", fixed, " for ", constraints,
                                   " constraints and a multiple of ", kTermBytes, " for their terms"));
  }
  const uint64_t terms = (size - fixed) / kTermBytes;
  if (terms > kTermsMax) {
    return file.Error(kConstraints, absl::StrCat(terms, " terms, want at most ", kTermsMax));
  }
  if (!file.Has(kLabels) && system.wire_count > terms + kUnusedWiresMax) {
    return file.Error(
        kHeader, absl::StrCat("wire count ", system.wire_count, ", want at most ", terms + kUnusedWiresMax,
                              " for ", terms, " terms in a file without wire labels"));
  }
  system.offsets.clear();
  PL_RETURN_IF_ERROR(Reserve(file, combinations + 1, system.offsets));
  PL_RETURN_IF_ERROR(Reserve(file, terms, system.terms));
  system.offsets.push_back(0);
  BinCursor cursor(file, kConstraints);
  for (uint64_t i = 0; i < combinations; ++i) {
    PL_RETURN_IF_ERROR(ReadCombination(file, cursor, terms - system.terms.size(), system));
  }
  if (cursor.left() != 0) {
    return file.Error(kConstraints, absl::StrCat(cursor.left(), " bytes after the last of ", constraints,
                                                 " constraints, want none"));
  }
  return system;
}

StatusOr<ConstraintSystem> ReadR1cs(const std::string& path) {
  PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(path));
  return ReadR1csFd(fd.get(), path);
}

Status WriteR1cs(const std::string& path, const ConstraintSystem& system) {
  PL_CHECK(!system.offsets.empty() && system.offsets.size() % 3 == 1);
  PL_CHECK(system.offsets.back() == system.terms.size());
  PL_CHECK(system.constraint_count() <= kConstraintsMax && system.wire_count <= kWiresMax);
  BinWriter out(path, kSchema.magic, kSchema.version, 3);
  out.Section(kConstraints, uint64_t{system.offsets.size() - 1} * kCombinationHeaderBytes +
                                system.terms.size() * kTermBytes);
  for (size_t i = 0; i + 1 < system.offsets.size(); ++i) {
    out.U32(system.offsets[i + 1] - system.offsets[i]);
    for (size_t j = system.offsets[i]; j < system.offsets[i + 1]; ++j) {
      out.U32(system.terms[j].wire);
      out.Put(system.terms[j].coefficient().ToCanonical());
    }
  }
  out.Section(kHeader, kHeaderBytes);
  out.U32(32);
  out.Put(Fr::kModulus);
  out.U32(system.wire_count);
  out.U32(system.public_output_count);
  out.U32(system.public_input_count);
  out.U32(system.private_input_count);
  out.U64(system.wire_count);
  out.U32(static_cast<uint32_t>(system.constraint_count()));
  out.Section(kLabels, uint64_t{system.wire_count} * 8);
  for (uint64_t wire = 0; wire < system.wire_count; ++wire) out.U64(wire);
  return out.Finish();
}

std::optional<size_t> FirstUnsatisfied(const ConstraintSystem& system, std::span<const Limbs> values) {
  PL_CHECK(values.size() == system.wire_count);
  for (size_t i = 0; i < system.constraint_count(); ++i) {
    // All three are canonical integers: one more Montgomery product on each side brings in the same 1/R.
    const Fr product =
        Evaluate(system.combination(i, 0), values) * Evaluate(system.combination(i, 1), values);
    const Fr result = Evaluate(system.combination(i, 2), values) * Fr{{1, 0, 0, 0}};
    if (!(product == result)) return i;
  }
  return std::nullopt;
}

}  // namespace prooflode
