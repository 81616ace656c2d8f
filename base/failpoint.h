// Named moments at which a test kills the process, as kill -9 would: PROOFLODE_FAILPOINT=NAME:N in the
// environment dies when NAME is passed for the Nth time. Without the variable a failpoint costs one load.
// Whoever sets a program's environment could kill it anyway.
#pragma once

#include <string_view>

namespace prooflode {

// `name` is a literal, PART.MOMENT, used once in the tree: the tests find the names in the sources.
// Thread-safe.
void Failpoint(std::string_view name);

}  // namespace prooflode
