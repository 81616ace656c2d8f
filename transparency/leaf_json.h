// Leaves in words: what each numbered field means and its value as JSON, for exports and auditors. Field
// numbers and names: docs/formats/log.md.
#pragma once

#include <string>

#include "base/status.h"
#include "transparency/leaf.h"

namespace prooflode::transparency {

// One line, no line feed:
// {"leaf_index":…,"time_us":…,"type":"commit","fields":{…},"leaf":"<base64 of the
// bytes>","leaf_hash":"<hex>","proof":"<hex, while it is kept>"} Integers are JSON numbers of up to 64 bits;
// ids, digests and keys are hexadecimal; flags are booleans. The hash is computed from the bytes. kDataLoss
// where the bytes are no leaf, a field has no name, or its length is not its kind's.
StatusOr<std::string> LeafJsonLine(const Leaf& leaf);

// "register-circuit", "post-job", …
std::string_view LeafTypeName(LeafType type);
// Whether leaves may have a field of this number.
bool IsLeafField(uint16_t number);

}  // namespace prooflode::transparency
