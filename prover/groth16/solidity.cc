#include "prover/groth16/solidity.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/bytes.h"
#include "base/check.h"

namespace prooflode::groth16 {
namespace {

// $R, $POINTS, $INPUT_PARAMETER and $ACCUMULATE are filled in. The pairs are e(A, B)·e(IC(input),
// -gamma)·e(C, -delta)· e(-alpha, beta), so that every negation is made here and the pairing precompile sees
// A, B, C as they came and checks them.
constexpr char kTemplate[] = R"(// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// Checks Groth16 proofs over BN254 for one verification key, with the precompiles of EIP-196 and EIP-197.
contract Groth16Verifier {
    // The order of the groups; public inputs are below it.
    uint256 private constant R = $R;

    // The verification key: points of G1 as x, y; points of G2 as x and y with the imaginary part (1) first.
$POINTS
    /// Whether (a, b, c) proves the statement. Coordinates of b have the imaginary part first.
    /// False, and not a revert, for points and inputs that are out of range or malformed.
    function verifyProof(
        uint256[2] calldata a,
        uint256[2][2] calldata b,
        uint256[2] calldata c$INPUT_PARAMETER
    ) external view returns (bool) {
        if ((a[0] | a[1]) == 0 || (c[0] | c[1]) == 0) return false;
        if ((b[0][0] | b[0][1] | b[1][0] | b[1][1]) == 0) return false;

        uint256[24] memory pairs;
        pairs[0] = a[0];
        pairs[1] = a[1];
        pairs[2] = b[0][0];
        pairs[3] = b[0][1];
        pairs[4] = b[1][0];
        pairs[5] = b[1][1];
        {
            uint256[2] memory sum = [IC0_X, IC0_Y];
$ACCUMULATE            pairs[6] = sum[0];
            pairs[7] = sum[1];
        }
        pairs[8] = NEGATED_GAMMA_X1;
        pairs[9] = NEGATED_GAMMA_X0;
        pairs[10] = NEGATED_GAMMA_Y1;
        pairs[11] = NEGATED_GAMMA_Y0;
        pairs[12] = c[0];
        pairs[13] = c[1];
        pairs[14] = NEGATED_DELTA_X1;
        pairs[15] = NEGATED_DELTA_X0;
        pairs[16] = NEGATED_DELTA_Y1;
        pairs[17] = NEGATED_DELTA_Y0;
        pairs[18] = NEGATED_ALPHA_X;
        pairs[19] = NEGATED_ALPHA_Y;
        pairs[20] = BETA_X1;
        pairs[21] = BETA_X0;
        pairs[22] = BETA_Y1;
        pairs[23] = BETA_Y0;
        return productIsOne(pairs);
    }

$ADD_MULTIPLE    /// Whether the product of the four pairings is one; false where the precompile refuses a point.
    function productIsOne(uint256[24] memory pairs) private view returns (bool) {
        uint256[1] memory result;
        bool ok;
        assembly {
            ok := staticcall(gas(), 8, pairs, 0x300, result, 0x20)
            ok := and(ok, eq(returndatasize(), 0x20))
        }
        return ok && result[0] == 1;
    }
}
)";

// Needed where there are inputs.
constexpr char kAddMultiple[] = R"(    /// sum = sum + scalar * (x, y); false where the scalar is not below R.
    function addMultiple(uint256[2] memory sum, uint256 x, uint256 y, uint256 scalar) private view returns (bool) {
        if (scalar >= R) return false;
        uint256[4] memory buffer = [x, y, scalar, 0];
        bool ok;
        assembly {
            ok := staticcall(gas(), 7, buffer, 0x60, buffer, 0x40)
            ok := and(ok, eq(returndatasize(), 0x40))
        }
        if (!ok) return false;
        buffer[2] = sum[0];
        buffer[3] = sum[1];
        assembly {
            ok := staticcall(gas(), 6, buffer, 0x80, sum, 0x40)
            ok := and(ok, eq(returndatasize(), 0x40))
        }
        return ok;
    }

)";

template <typename F>
std::string Hex(const F& value) {
  std::array<uint8_t, 32> bytes;
  value.ToBigEndian(bytes);
  return absl::StrCat("0x", HexEncode(bytes));
}

std::string Constant(const std::string& name, const Fq& value) {
  return absl::StrCat("    uint256 private constant ", name, " = ", Hex(value), ";\n");
}
std::string Constants(const std::string& name, const G1Affine& p) {
  return Constant(name + "_X", p.x) + Constant(name + "_Y", p.y);
}
std::string Constants(const std::string& name, const G2Affine& p) {
  return Constant(name + "_X1", p.x.c1) + Constant(name + "_X0", p.x.c0) + Constant(name + "_Y1", p.y.c1) +
         Constant(name + "_Y0", p.y.c0);
}

std::string Pair(const std::string& a, const std::string& b) { return absl::StrCat("[", a, ", ", b, "]"); }
std::string ToCalldata(const G1Affine& p) { return Pair("\"" + Hex(p.x) + "\"", "\"" + Hex(p.y) + "\""); }
std::string ToCalldata(const Fq2& x) { return Pair("\"" + Hex(x.c1) + "\"", "\"" + Hex(x.c0) + "\""); }

}  // namespace

std::string SolidityVerifier(const VerifyingKey& key) {
  PL_CHECK(!key.ic.empty());
  std::string points = Constants("NEGATED_ALPHA", -key.alpha) + Constants("BETA", key.beta) +
                       Constants("NEGATED_GAMMA", -key.gamma) + Constants("NEGATED_DELTA", -key.delta);
  std::string accumulate;
  for (size_t i = 0; i < key.ic.size(); ++i) {
    const std::string name = absl::StrCat("IC", i);
    points += Constants(name, key.ic[i]);
    if (i == 0) continue;
    absl::StrAppend(&accumulate, "            if (!addMultiple(sum, ", name, "_X, ", name, "_Y, input[",
                    i - 1, "])) return false;\n");
  }
  const size_t inputs = key.ic.size() - 1;
  const std::string parameter =
      inputs == 0 ? "" : absl::StrCat(",\n        uint256[", inputs, "] calldata input");
  // r does not fit Fr; its hexadecimal form is that of r - 1 with one added to a last digit of zero.
  std::string r = Hex(-Fr::One());
  PL_CHECK(r.back() == '0');
  r.back() = '1';
  return absl::StrReplaceAll(kTemplate, {{"$R", r},
                                         {"$POINTS", points},
                                         {"$INPUT_PARAMETER", parameter},
                                         {"$ACCUMULATE", accumulate},
                                         {"$ADD_MULTIPLE", inputs == 0 ? "" : kAddMultiple}});
}

std::string Calldata(const Proof& proof, std::span<const Fr> inputs) {
  const std::string list = absl::StrJoin(
      inputs, ",", [](std::string* out, const Fr& input) { absl::StrAppend(out, "\"", Hex(input), "\""); });
  return absl::StrCat(ToCalldata(proof.a), ",[", ToCalldata(proof.b.x), ",", ToCalldata(proof.b.y), "],",
                      ToCalldata(proof.c), ",[", list, "]");
}

}  // namespace prooflode::groth16
