#include "coordinator/checkpoints/checkpoint_shelf.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/files.h"

namespace prooflode::checkpoints {
namespace {

using Json = nlohmann::json;
using transparency::NoteKey;
using transparency::NoteKeyKind;
using transparency::NoteSignature;

constexpr size_t kFileBytesMax = CheckpointShelf::kKept * (transparency::kNoteSizeMax + 4096);

// The witness whose right signature of `text` this is; nullptr where there is none.
const NoteKey* WitnessOf(const std::string& text, const NoteSignature& signature,
                         const std::vector<NoteKey>& witnesses) {
  for (const NoteKey& witness : witnesses) {
    if (witness.kind != NoteKeyKind::kCosignatureV1) continue;
    if (signature.name != witness.name || signature.key_id != witness.Id()) continue;
    if (transparency::IsSignedBy({.text = text, .signatures = {signature}}, witness)) return &witness;
  }
  return nullptr;
}

}  // namespace

StatusOr<CheckpointShelf> CheckpointShelf::Open(const std::string& path, const transparency::LogKeys& keys,
                                                const std::vector<NoteKey>& witnesses) {
  CheckpointShelf shelf(path, witnesses);
  const StatusOr<std::string> text = ReadFile(path, kFileBytesMax);
  if (absl::IsNotFound(text.status())) return shelf;
  PL_RETURN_IF_ERROR(text.status());
  const auto refused = [&path](std::string_view why) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": ", Sv(why)));
  };
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("format", Json()) != Json(1) || !json.contains("checkpoints") ||
      !json["checkpoints"].is_array() || json["checkpoints"].size() > kKept) {
    return refused("not a list of checkpoints");
  }
  for (const Json& item : json["checkpoints"]) {
    if (!item.is_string()) return refused("a checkpoint that is no text");
    auto opened = keys.Open(item.get<std::string>(), witnesses);
    if (!opened.ok()) return refused(FromSv(opened.status().message()));
    if (!shelf.entries_.empty() && opened->checkpoint.head.size <= shelf.entries_.back().head.size) {
      return refused("its checkpoints are not in rising order of size");
    }
    shelf.entries_.push_back({opened->checkpoint.head, std::move(opened->note), opened->witnesses});
  }
  return shelf;
}

Status CheckpointShelf::Save(const std::vector<Entry>& entries) const {
  Json notes = Json::array();
  for (const Entry& entry : entries) notes.push_back(transparency::FormatNote(entry.note));
  return ReplaceFileDurably(path_, AsBytes(Json{{"format", 1}, {"checkpoints", notes}}.dump() + "\n"));
}

Status CheckpointShelf::Add(const transparency::TreeHead& head, transparency::Note note) {
  std::vector<Entry> entries = entries_;
  if (entries.size() == kKept) {
    // The newest that witnesses have cosigned stays, however old it is.
    const auto cosigned = std::find_if(entries.rbegin(), entries.rend(),
                                       [](const Entry& entry) { return entry.cosignatures > 0; });
    entries.erase(cosigned.base() == entries.begin() + 1 ? entries.begin() + 1 : entries.begin());
  }
  entries.push_back({head, std::move(note), 0});
  PL_RETURN_IF_ERROR(Save(entries));
  entries_ = std::move(entries);
  return absl::OkStatus();
}

StatusOr<size_t> CheckpointShelf::Cosign(size_t entry, const std::vector<NoteSignature>& signatures) {
  std::vector<Entry> entries = entries_;
  Entry& target = entries.at(entry);
  size_t added = 0;
  for (const NoteSignature& signature : signatures) {
    if (WitnessOf(target.note.text, signature, witnesses_) == nullptr) continue;
    auto& have = target.note.signatures;
    if (std::find(have.begin(), have.end(), signature) != have.end()) continue;
    const auto older = std::find_if(have.begin(), have.end(), [&signature](const NoteSignature& other) {
      return other.name == signature.name && other.key_id == signature.key_id;
    });
    if (older != have.end()) {
      *older = signature;
    } else {
      if (have.size() == transparency::kNoteSignaturesMax) break;
      have.push_back(signature);
      ++target.cosignatures;
    }
    ++added;
  }
  if (added == 0) return added;
  PL_RETURN_IF_ERROR(Save(entries));
  entries_ = std::move(entries);
  return added;
}

}  // namespace prooflode::checkpoints
