#include "base/check.h"
#include "prover/format/zkey.h"
#include "prover/format/zkey_layout.h"

namespace prooflode {

namespace {

using groth16::ProvingKey;

template <typename Point>
void WritePoints(BinWriter& out, uint32_t id, const std::vector<Point>& points) {
  out.Section(id, points.size() * sizeof(Point));
  out.Raw(std::span(points));
}

template <typename Point>
void WritePoint(BinWriter& out, const Point& point) {
  out.Raw(std::span(&point, 1));
}

void WriteHeader(BinWriter& out, const ProvingKey& key) {
  out.Section(zkey::kHeader, zkey::kHeaderBytes);
  out.U32(32);
  out.Put(Fq::kModulus);
  out.U32(32);
  out.Put(Fr::kModulus);
  out.U32(key.variable_count);
  out.U32(key.public_count);
  out.U32(static_cast<uint32_t>(key.domain_size()));
  WritePoint(out, key.verifying_key.alpha);
  WritePoint(out, key.beta_g1);
  WritePoint(out, key.verifying_key.beta);
  WritePoint(out, key.verifying_key.gamma);
  WritePoint(out, key.delta_g1);
  WritePoint(out, key.verifying_key.delta);
}

void WriteCoefficients(BinWriter& out, const ProvingKey& key) {
  out.Section(zkey::kCoefficients, 4 + key.coefficients.size() * zkey::kCoefficientBytes);
  out.U32(static_cast<uint32_t>(key.coefficients.size()));
  for (const groth16::Coefficient& coefficient : key.coefficients) {
    out.U32(coefficient.matrix);
    out.U32(coefficient.constraint);
    out.U32(coefficient.signal);
    out.Put(coefficient.value.limbs);
  }
}

}  // namespace

Status WriteZkey(const std::string& path, const ProvingKey& key) {
  PL_CHECK(key.public_count < key.variable_count);
  PL_CHECK(key.verifying_key.ic.size() == key.public_count + size_t{1});
  PL_CHECK(key.a.size() == key.variable_count && key.b1.size() == key.variable_count);
  PL_CHECK(key.b2.size() == key.variable_count);
  PL_CHECK(key.c.size() == key.variable_count - key.public_count - size_t{1});
  PL_CHECK(key.h.size() == key.domain_size());
  PL_CHECK(key.coefficients.size() <= UINT32_MAX);
  BinWriter out(path, zkey::kSchema.magic, zkey::kSchema.version, zkey::kSections.size());
  out.Section(zkey::kProtocol, 4);
  out.U32(zkey::kGroth16);
  WriteHeader(out, key);
  WritePoints(out, zkey::kIc, key.verifying_key.ic);
  WriteCoefficients(out, key);
  WritePoints(out, zkey::kA, key.a);
  WritePoints(out, zkey::kB1, key.b1);
  WritePoints(out, zkey::kB2, key.b2);
  WritePoints(out, zkey::kC, key.c);
  WritePoints(out, zkey::kH, key.h);
  out.Section(zkey::kContributions, zkey::kCircuitHashBytes + 4);
  for (uint64_t i = 0; i < zkey::kCircuitHashBytes / 8; ++i) out.U64(0);
  out.U32(0);
  return out.Finish();
}

}  // namespace prooflode
