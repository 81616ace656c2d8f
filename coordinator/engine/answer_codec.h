// Answers as bytes, so that a repeated request gets its first answer again, also after a restart.
//
// Encoding (docs/formats/store.md): version 1 (u8), kind (u8), then the answer's fields in the order of
// fields.h, each as a u32 length and its bytes; an absent optional has the length 2^32 - 1.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "coordinator/market/commands.h"

namespace prooflode::engine {

std::string EncodeAnswer(const market::Answer& answer);
// kDataLoss for anything that EncodeAnswer does not give: what is read was written by this program.
StatusOr<market::Answer> DecodeAnswer(std::string_view bytes);

}  // namespace prooflode::engine
