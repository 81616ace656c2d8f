// A command that is read from a leaf of the log encodes to the fields that were read; an answer from the
// store to its bytes.
#include <algorithm>

#include "base/check.h"
#include "coordinator/engine/answer_codec.h"
#include "coordinator/engine/command_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace prooflode;
  const ByteSpan bytes(data, size);
  const auto answer = engine::DecodeAnswer(AsChars(bytes));
  if (answer.ok()) {
    PL_CHECK(std::ranges::equal(AsBytes(engine::EncodeAnswer(*answer)), bytes));
  } else {
    PL_CHECK(!answer.status().message().empty());
  }
  auto leaf = transparency::DecodeLeaf(bytes);
  if (!leaf.ok()) return 0;
  const auto command = engine::DecodeCommand(*leaf, 7);
  if (command.ok()) {
    std::erase_if(leaf->fields, [](const auto& field) { return engine::IsOutcomeField(field.first); });
    const transparency::LeafContent again = engine::EncodeCommand(*command, {});
    PL_CHECK(again.type == leaf->type && again.time == leaf->time && again.fields == leaf->fields);
  } else {
    PL_CHECK(!command.status().message().empty());
  }
  return 0;
}
