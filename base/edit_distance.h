// How far a mistyped word is from a known one.
#pragma once

#include <cstddef>
#include <string_view>

namespace prooflode {

// Levenshtein's distance: the fewest letters to insert, delete or replace. Cost a.size()·b.size().
size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace prooflode
