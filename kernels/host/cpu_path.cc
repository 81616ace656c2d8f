#include "kernels/host/cpu_path.h"

#include "kernels/host/cpu_features.h"
#include "kernels/host/ifma_batch_ops.h"
#include "kernels/host/mul_leaf.h"

namespace prooflode {

namespace host_internal {

constinit bool use_adx = false;

void MontgomeryMulCall(uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t* p, uint64_t n0) {
  MontgomeryMulPortable(r, a, b, p, n0);
}

void MontgomeryMul2Call(uint64_t* r, const uint64_t* a, const uint64_t* b, const uint64_t* c,
                        const uint64_t* d, const uint64_t* p, uint64_t n0) {
  MontgomeryMul2Portable(r, a, b, c, d, p, n0);
}

}  // namespace host_internal

namespace {

struct CpuPath {
  std::string_view name;
  bool uses_adx;
  bool (*supported)();
  const BatchOps& (*ops)();
};

bool AdxSupported() { return PL_HAVE_X64_ASM && HostCpuFeatures().bmi2 && HostCpuFeatures().adx; }

// What is not done in batches is done with mulx, which every processor with IFMA has; where this build has no
// assembly, by the portable leaf.
bool IfmaSupported() {
  const CpuFeatures& features = HostCpuFeatures();
  return features.avx512_ifma && features.bmi2 && features.adx;
}

// Slowest first.
constexpr CpuPath kPaths[] = {
    {"portable", false, [] { return true; }, ScalarBatchOps},
    {"adx", true, AdxSupported, ScalarBatchOps},
    {"ifma", PL_HAVE_X64_ASM, IfmaSupported, IfmaBatchOps},
};

constinit const CpuPath* current = &kPaths[0];

void Use(const CpuPath& path) {
  current = &path;
  host_internal::use_adx = path.uses_adx;
}

// Before main; code of other files that computes earlier still gets right results, from the portable path.
[[maybe_unused]] const bool best_chosen = [] {
  for (const CpuPath& path : kPaths) {
    if (path.supported()) Use(path);
  }
  return true;
}();

}  // namespace

std::vector<std::string_view> SupportedCpuPaths() {
  std::vector<std::string_view> names;
  for (const CpuPath& path : kPaths) {
    if (path.supported()) names.push_back(path.name);
  }
  return names;
}

namespace {
std::string SupportedNames() {
  std::string names;
  for (const std::string_view name : SupportedCpuPaths())
    absl::StrAppend(&names, names.empty() ? "" : ", ", Sv(name));
  return names;
}
}  // namespace

std::string_view CpuPathName() { return current->name; }

const BatchOps& CpuBatchOps() { return current->ops(); }

Status SetCpuPath(std::string_view name) {
  for (const CpuPath& path : kPaths) {
    if (path.name != name) continue;
    if (!path.supported()) {
      return absl::FailedPreconditionError(
          absl::StrCat("CPU path \"", Sv(name), "\" cannot run here; those that can: ", SupportedNames()));
    }
    Use(path);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("CPU path \"", Sv(name), "\" does not exist; this machine can run: ", SupportedNames()));
}

}  // namespace prooflode
