// Small valid files for the tests of the readers, and the means to break them. Tests and fuzz seeds only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/files.h"
#include "prover/format/r1cs.h"
#include "prover/format/wtns.h"
#include "prover/groth16/types.h"

namespace prooflode::toy {

// A key that parses: every point a multiple of the generator, gamma != ±delta. Nothing can be proven with it.
groth16::ProvingKey Key();
// x·x = y, y·x = out, of one public output and one private input, with the witness for x = 3.
ConstraintSystem Cube();
Witness CubeWitness();

// What `write` writes to the path it is given.
std::string Written(const std::function<Status(const std::string&)>& write);
std::string KeyBytes();
std::string CubeBytes();
std::string CubeWitnessBytes();

// A file in memory with this content.
UniqueFd MemoryFile(std::string_view content);

// A container taken apart, to be put together again wrongly.
struct Container {
  struct Section {
    uint32_t id;
    std::string content;
  };
  std::string magic;
  uint32_t version = 0;
  std::vector<Section> sections;

  static Container Of(const std::string& bytes);
  std::string& operator[](uint32_t id);
  std::string Bytes() const;
};

// Points of the twist that are not in the subgroup of order r: of some large order, and of order 10069, the
// smallest there is.
G2Affine OutsideSubgroup();
G2Affine OfSmallOrder();

// A broken file and what the refusal must say.
struct Mutant {
  std::string name;
  std::string bytes;
  std::string want;
};
// Every way to break the container of a valid file whose sections are all required or, if present, of fixed
// length; `label` names a section as messages do.
std::vector<Mutant> ContainerMutants(const Container& valid,
                                     const std::function<std::string(uint32_t)>& label);
// The same content in other clothes: other orders of sections, sections of unknown ids.
std::vector<Mutant> ContainerOddities(const Container& valid);

void Put32(std::string& content, size_t offset, uint32_t value);
void Put64(std::string& content, size_t offset, uint64_t value);
void PutLimbs(std::string& content, size_t offset, const Limbs& value);
Limbs GetLimbs(const std::string& content, size_t offset);
// value + q: the same residue, not canonical.
Limbs Plus(const Limbs& value, const Limbs& addend);

}  // namespace prooflode::toy
