// Receipts of commits as values: what a coordinator signed of one leaf, how it is checked, and the line in
// which miners keep it and auditors read it (docs/formats/receipt.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/status.h"
#include "transparency/merkle.h"

namespace prooflode::transparency {

struct Receipt {
  std::string market;
  PublicKey coordinator{};
  uint64_t leaf_index = 0;
  std::string leaf;  // the stored bytes
  TreeHead tree;     // that has the leaf
  std::vector<Digest> inclusion_proof;
  Signature signature{};

  bool operator==(const Receipt&) const = default;
};

// OK when `receipt` is signed by its coordinator and its proof leads from the leaf to the root. kDataLoss
// says what is wrong.
Status CheckReceipt(const Receipt& receipt);

// One line of JSON, without a line feed.
std::string ReceiptLine(const Receipt& receipt);
// Exactly such a line, form alone: check it with CheckReceipt. kInvalidArgument names the member.
StatusOr<Receipt> ParseReceiptLine(std::string_view line);

}  // namespace prooflode::transparency
