// What the checkers of a simulation found wrong. The first finding counts: what follows may be its echo.
#pragma once

#include <string>

namespace prooflode::sim {

class Findings {
 public:
  // `rule`: a short name of the promise that was broken; `what`: what was seen, and what was wanted.
  void Add(const std::string& rule, const std::string& what) {
    if (first_.empty()) first_ = rule + ": " + what;
  }
  bool empty() const { return first_.empty(); }
  const std::string& first() const { return first_; }

 private:
  std::string first_;
};

}  // namespace prooflode::sim
