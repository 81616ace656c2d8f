#include "prover/format/zkey.h"

#include <bit>

#include "base/check.h"
#include "prover/format/points.h"
#include "prover/format/zkey_layout.h"

namespace prooflode {

namespace {

using groth16::Coefficient;
using groth16::ProvingKey;

template <typename... Parts>
Status HeaderError(const BinFile& file, const Parts&... parts) {
  return file.Error(zkey::kHeader, absl::StrCat(parts...));
}

Status CheckProtocol(const BinFile& file) {
  PL_RETURN_IF_ERROR(file.WantSize(zkey::kProtocol, 4, "the protocol's number"));
  BinCursor cursor(file, zkey::kProtocol);
  PL_ASSIGN_OR_RETURN(const uint32_t protocol, cursor.TakeU32("protocol"));
  if (protocol == zkey::kGroth16) return absl::OkStatus();
  return file.Error(zkey::kProtocol, absl::StrCat("protocol ", protocol, ", want 1 (Groth16)"));
}

Status ReadCounts(const BinFile& file, BinCursor& cursor, ProvingKey& key) {
  PL_ASSIGN_OR_RETURN(key.variable_count, cursor.TakeU32("variable count"));
  PL_ASSIGN_OR_RETURN(key.public_count, cursor.TakeU32("public input count"));
  PL_ASSIGN_OR_RETURN(const uint32_t domain, cursor.TakeU32("domain size"));
  if (key.variable_count == 0 || key.variable_count > zkey::kVariablesMax) {
    return HeaderError(file, "variable count ", key.variable_count, ", want 1 to ", zkey::kVariablesMax);
  }
  if (key.public_count >= key.variable_count) {
    return HeaderError(file, "public input count ", key.public_count, ", want below the variable count ",
                       key.variable_count);
  }
  if (key.public_count > groth16::kPublicInputsMax) {
    return HeaderError(file, "public input count ", key.public_count, ", want at most ",
                       groth16::kPublicInputsMax);
  }
  if (!std::has_single_bit(domain) || domain > zkey::kDomainMax) {
    return HeaderError(file, "domain size ", domain, ", want a power of two, at most ", zkey::kDomainMax);
  }
  if (domain <= key.public_count) {
    return HeaderError(file, "domain size ", domain, ", want more than the public input count ",
                       key.public_count);
  }
  key.log_domain = std::countr_zero(domain);
  return absl::OkStatus();
}

// One point of the header: on its curve, in its subgroup, not infinity.
template <typename Point>
Status ReadHeaderPoint(const BinFile& file, BinCursor& cursor, const char* name, Point& point) {
  PL_ASSIGN_OR_RETURN(const uint8_t* const bytes, cursor.Take(sizeof(Point), name));
  std::memcpy(static_cast<void*>(&point), bytes, sizeof(Point));
  const std::string_view defect = PointDefect(point, InfinityRule::kRefused);
  if (!defect.empty()) return HeaderError(file, name, " ", Sv(defect));
  if constexpr (std::is_same_v<Point, G2Affine>) {
    if (!IsInSubgroup(point)) return HeaderError(file, name, " is not in the subgroup of order r");
  }
  return absl::OkStatus();
}

Status ReadHeader(const BinFile& file, const ZkeyOptions& options, ProvingKey& key) {
  PL_RETURN_IF_ERROR(file.WantSize(zkey::kHeader, zkey::kHeaderBytes, "a BN254 header"));
  BinCursor cursor(file, zkey::kHeader);
  PL_RETURN_IF_ERROR(TakePrime(cursor, file, zkey::kHeader, Fq::kModulus, "base field"));
  PL_RETURN_IF_ERROR(TakePrime(cursor, file, zkey::kHeader, Fr::kModulus, "scalar field"));
  PL_RETURN_IF_ERROR(ReadCounts(file, cursor, key));
  if (key.domain_size() > options.domain_size_max) {
    return HeaderError(file, "domain size ", key.domain_size(), ", want at most ", options.domain_size_max);
  }
  if (key.public_count > options.public_inputs_max) {
    return HeaderError(file, "public input count ", key.public_count, ", want at most ",
                       options.public_inputs_max);
  }
  groth16::VerifyingKey& vk = key.verifying_key;
  PL_RETURN_IF_ERROR(ReadHeaderPoint(file, cursor, "alpha1", vk.alpha));
  PL_RETURN_IF_ERROR(ReadHeaderPoint(file, cursor, "beta1", key.beta_g1));
  PL_RETURN_IF_ERROR(ReadHeaderPoint(file, cursor, "beta2", vk.beta));
  PL_RETURN_IF_ERROR(ReadHeaderPoint(file, cursor, "gamma2", vk.gamma));
  PL_RETURN_IF_ERROR(ReadHeaderPoint(file, cursor, "delta1", key.delta_g1));
  PL_RETURN_IF_ERROR(ReadHeaderPoint(file, cursor, "delta2", vk.delta));
  PL_CHECK(cursor.left() == 0);
  if (vk.gamma.x == vk.delta.x && !options.allow_insecure_setup) {  // equal x: equal or opposite points
    return absl::FailedPreconditionError(
        HeaderError(file, "gamma2 = ", vk.gamma == vk.delta ? "" : "-",
                    "delta2: a setup without its second phase, for which anybody can forge proofs")
            .message());
  }
  return absl::OkStatus();
}

// Lengths first, all of them: nothing large is read of a file whose sections do not fit its counts.
Status CheckLengths(const BinFile& file, const ProvingKey& key) {
  const uint64_t variables = key.variable_count;
  const uint64_t publics = key.public_count;
  const std::string all = absl::StrCat(variables, " variables");
  const std::string hidden =
      absl::StrCat(variables, " variables less ", publics, " public inputs and the constant");
  PL_RETURN_IF_ERROR(file.WantSize(zkey::kIc, (publics + 1) * sizeof(G1Affine),
                                   absl::StrCat(publics, " public inputs and the constant")));
  PL_RETURN_IF_ERROR(file.WantSize(zkey::kA, variables * sizeof(G1Affine), all));
  PL_RETURN_IF_ERROR(file.WantSize(zkey::kB1, variables * sizeof(G1Affine), all));
  PL_RETURN_IF_ERROR(file.WantSize(zkey::kB2, variables * sizeof(G2Affine), all));
  PL_RETURN_IF_ERROR(file.WantSize(zkey::kC, (variables - publics - 1) * sizeof(G1Affine), hidden));
  return file.WantSize(zkey::kH, key.domain_size() * sizeof(G1Affine),
                       absl::StrCat("a domain of ", key.domain_size()));
}

// Checks one entry of section 4; "" or what is wrong.
std::string CoefficientDefect(const ProvingKey& key, uint32_t matrix, uint32_t constraint, uint32_t signal,
                              const Fr& value) {
  if (matrix > 1) return absl::StrCat("matrix ", matrix, ", want 0 (A) or 1 (B)");
  if (constraint >= key.domain_size()) {
    return absl::StrCat("constraint index ", constraint, " >= domain size ", key.domain_size());
  }
  if (signal >= key.variable_count) {
    return absl::StrCat("signal index ", signal, " >= variable count ", key.variable_count);
  }
  if (!value.IsReduced())
    return absl::StrCat("value ", LimbsToHex(value.limbs), " is not below the scalar field's prime");
  return "";
}

Status ReadCoefficients(const BinFile& file, ProvingKey& key) {
  constexpr uint32_t kId = zkey::kCoefficients;
  BinCursor cursor(file, kId);
  PL_ASSIGN_OR_RETURN(const uint32_t count, cursor.TakeU32("coefficient count"));
  PL_RETURN_IF_ERROR(file.WantSize(kId, 4 + uint64_t{count} * zkey::kCoefficientBytes,
                                   absl::StrCat(count, " coefficients")));
  PL_RETURN_IF_ERROR(file.Resize(kId, count, key.coefficients));
  for (uint32_t i = 0; i < count; ++i) {
    PL_ASSIGN_OR_RETURN(const uint8_t* const bytes, cursor.Take(zkey::kCoefficientBytes, "coefficient"));
    const auto matrix = LoadLe<uint32_t>(bytes);
    const auto constraint = LoadLe<uint32_t>(bytes + 4);
    const auto signal = LoadLe<uint32_t>(bytes + 8);
    const Fr value{LoadLimbs(bytes + 12)};
    const std::string defect = CoefficientDefect(key, matrix, constraint, signal, value);
    if (!defect.empty()) return file.Error(kId, absl::StrCat(defect, " (entry ", i, ")"));
    key.coefficients[i] = {matrix & 1, constraint & (zkey::kDomainMax - 1), signal, value};
  }
  return absl::OkStatus();
}

// The record of the ceremony is no use to a prover, but its form and its points must be right like everything
// else.
Status CheckContributions(const BinFile& file) {
  constexpr uint32_t kId = zkey::kContributions;
  BinCursor cursor(file, kId);
  PL_RETURN_IF_ERROR(cursor.Skip(zkey::kCircuitHashBytes, "circuit hash"));
  PL_ASSIGN_OR_RETURN(const uint32_t count, cursor.TakeU32("contribution count"));
  constexpr const char* kNames[] = {"delta after", "g1_s", "g1_sx"};
  for (uint32_t i = 0; i < count; ++i) {
    const std::string where = absl::StrCat("contribution ", i, " of ", count);
    std::string_view defect;
    std::string_view bad;
    for (const char* const name : kNames) {
      PL_ASSIGN_OR_RETURN(const uint8_t* const bytes, cursor.Take(sizeof(G1Affine), where));
      G1Affine point;
      std::memcpy(static_cast<void*>(&point), bytes, sizeof point);
      if (defect = PointDefect(point, InfinityRule::kRefused); !defect.empty() && bad.empty()) bad = name;
      if (!bad.empty()) return file.Error(kId, absl::StrCat(where, ": ", Sv(bad), " ", Sv(defect)));
    }
    PL_ASSIGN_OR_RETURN(const uint8_t* const bytes, cursor.Take(sizeof(G2Affine), where));
    G2Affine point;
    std::memcpy(static_cast<void*>(&point), bytes, sizeof point);
    defect = PointDefect(point, InfinityRule::kRefused);
    if (!defect.empty()) return file.Error(kId, absl::StrCat(where, ": g2_spx ", Sv(defect)));
    PL_RETURN_IF_ERROR(cursor.Skip(64, where));  // transcript hash
    PL_ASSIGN_OR_RETURN(const uint32_t type, cursor.TakeU32(where));
    if (type > 1)
      return file.Error(kId, absl::StrCat(where, ": type ", type, ", want 0 (person) or 1 (beacon)"));
    PL_ASSIGN_OR_RETURN(const uint32_t parameters, cursor.TakeU32(where));
    PL_RETURN_IF_ERROR(cursor.Skip(parameters, where));
  }
  if (cursor.left() == 0) return absl::OkStatus();
  return file.Error(
      kId, absl::StrCat(cursor.left(), " bytes after the last of ", count, " contributions, want none"));
}

Status ReadAllPoints(const BinFile& file, ProvingKey& key, ThreadPool& pool) {
  const size_t variables = key.variable_count;
  const size_t hidden = variables - key.public_count - 1;
  constexpr const char* kWhy = "its points";  // CheckLengths has told more
  PL_ASSIGN_OR_RETURN(key.verifying_key.ic,
                      ReadPoints<G1Affine>(file, zkey::kIc, key.public_count + size_t{1}, kWhy,
                                           InfinityRule::kRefused, pool));
  // A signal that a matrix does not use has infinity there.
  PL_ASSIGN_OR_RETURN(key.a,
                      ReadPoints<G1Affine>(file, zkey::kA, variables, kWhy, InfinityRule::kAllowed, pool));
  PL_ASSIGN_OR_RETURN(key.b1,
                      ReadPoints<G1Affine>(file, zkey::kB1, variables, kWhy, InfinityRule::kAllowed, pool));
  PL_ASSIGN_OR_RETURN(key.b2,
                      ReadPoints<G2Affine>(file, zkey::kB2, variables, kWhy, InfinityRule::kAllowed, pool));
  PL_ASSIGN_OR_RETURN(key.c,
                      ReadPoints<G1Affine>(file, zkey::kC, hidden, kWhy, InfinityRule::kAllowed, pool));
  PL_ASSIGN_OR_RETURN(
      key.h, ReadPoints<G1Affine>(file, zkey::kH, key.domain_size(), kWhy, InfinityRule::kRefused, pool));
  return absl::OkStatus();
}

}  // namespace

StatusOr<ProvingKey> ReadZkeyFd(int fd, const std::string& name, const ZkeyOptions& options,
                                ThreadPool& pool) {
  PL_CHECK(!options.check_g2_subgroup || options.random != nullptr);
  PL_ASSIGN_OR_RETURN(const BinFile file, BinFile::Open(fd, name, zkey::kSchema, options.cancel));
  ProvingKey key;
  PL_RETURN_IF_ERROR(CheckProtocol(file));
  PL_RETURN_IF_ERROR(ReadHeader(file, options, key));
  PL_RETURN_IF_ERROR(CheckLengths(file, key));
  PL_RETURN_IF_ERROR(CheckContributions(file));
  PL_RETURN_IF_ERROR(ReadCoefficients(file, key));
  PL_RETURN_IF_ERROR(ReadAllPoints(file, key, pool));
  if (options.check_g2_subgroup) {
    const bool good = AllInSubgroup(key.b2, *options.random, pool, options.cancel);
    PL_RETURN_IF_ERROR(file.CheckCancelled());
    if (!good) return file.Error(zkey::kB2, "a point is not in the subgroup of order r");
  }
  return key;
}

StatusOr<uint32_t> ZkeyContributionCount(int fd, const std::string& name) {
  PL_ASSIGN_OR_RETURN(const BinFile file, BinFile::Open(fd, name, zkey::kSchema));
  PL_RETURN_IF_ERROR(CheckContributions(file));
  uint8_t count[4];
  PL_RETURN_IF_ERROR(file.Read(zkey::kContributions, zkey::kCircuitHashBytes, count));
  return LoadLe<uint32_t>(count);
}

StatusOr<ProvingKey> ReadZkey(const std::string& path, const ZkeyOptions& options, ThreadPool& pool) {
  PL_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForReading(path));
  return ReadZkeyFd(fd.get(), path, options, pool);
}

}  // namespace prooflode
