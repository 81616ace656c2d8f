// A verifying key, public inputs and proof as snarkjs wrote them: for tests alone.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "base/check.h"

namespace prooflode {

inline std::string ReadVector(const std::string& name) {
  std::ifstream file(std::string(PROOFLODE_VECTORS) + "/groth16/" + name, std::ios::binary);
  PL_CHECK(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct JsonFixture {
  std::string key = ReadVector("chain68.vkey.json");
  std::string inputs = ReadVector("chain68.public.json");
  std::string proof = ReadVector("chain68.proof.json");
};

}  // namespace prooflode
