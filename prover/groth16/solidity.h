// What a contract on an Ethereum chain needs to check a proof: a verifier in Solidity and the arguments of
// its call.
#pragma once

#include <span>
#include <string>

#include "prover/groth16/types.h"

namespace prooflode::groth16 {

// A contract Groth16Verifier for one key, for Solidity 0.8, written on EIP-196 and EIP-197:
//   verifyProof(uint256[2] a, uint256[2][2] b, uint256[2] c, uint256[N] input) view returns (bool)
// (without `input` where N = 0, which Solidity has no type for). As strict as Verifier: false for an input
// that is not below r, an unreduced coordinate, a point off its curve or subgroup, infinity; never reverts on
// arguments of this shape. Code grows by about 100 bytes an input: the 24 kB that EIP-170 allows a contract
// hold some 200 inputs. `key` has passed CheckVerifyingKey.
std::string SolidityVerifier(const VerifyingKey& key);

// The arguments of that call, spelled as `snarkjs zkey export soliditycalldata` spells them; no newline at
// the end.
std::string Calldata(const Proof& proof, std::span<const Fr> inputs);

}  // namespace prooflode::groth16
