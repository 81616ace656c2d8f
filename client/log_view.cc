#include "client/log_view.h"

#include <algorithm>

#include "base/files.h"

namespace prooflode::client {

using transparency::NoteKey;
using transparency::Receipt;

namespace {

constexpr size_t kComparedMax = 4096;

}  // namespace

StatusOr<std::unique_ptr<LogView>> LogView::Open(const std::string& folder) {
  PL_RETURN_IF_ERROR(MakeDirectory(folder));
  std::unique_ptr<LogView> view(new LogView(folder));
  PL_ASSIGN_OR_RETURN(view->book_, ReceiptBook::Open(folder));
  MutexLock lock(view->mutex_);
  for (const Receipt& receipt : view->book_->largest_at_opening()) {
    const auto log = transparency::LogKeyOf(receipt.market, receipt.coordinator);
    if (log.ok()) view->known_[log->Text()] = {receipt.tree, transparency::ReceiptLine(receipt)};
  }
  return view;
}

std::string LogView::CheckpointPath(const NoteKey& key) const {
  return absl::StrCat(folder_, "/", HexEncode(Sha256(AsBytes(key.Text()))).substr(0, 16), ".checkpoint");
}

// Kept under the current key from the first question on.
LogView::Known LogView::KnownLocked(const transparency::LogKeys& log) {
  Known largest{{0, Sha256({})}, ""};
  for (const NoteKey& key : log.All()) {
    const auto found = known_.find(key.Text());
    if (found != known_.end() && found->second.head.size > largest.head.size) largest = found->second;
  }
  return known_[log.current().Text()] = largest;
}

LogView::Known LogView::Kept(const transparency::LogKeys& log) const {
  Known largest{{0, Sha256({})}, ""};
  for (const NoteKey& key : log.All()) {
    const StatusOr<std::string> note = ReadFile(CheckpointPath(key), transparency::kNoteSizeMax);
    // Whenever it was kept, it was the newest of who had the log then.
    const auto opened = note.ok() ? log.OpenLate(*note) : note.status();
    if (opened.ok() && opened->checkpoint.head.size > largest.head.size) {
      largest = {opened->checkpoint.head, *note};
    }
  }
  return largest;
}

LogView::Known LogView::known(const transparency::LogKeys& log) {
  MutexLock lock(mutex_);
  const Known now = KnownLocked(log);
  Known kept = Kept(log);
  return known_[log.current().Text()] = kept.head.size > now.head.size ? std::move(kept) : now;
}

Status LogView::Compare(const Known& a, const Known& b, const std::vector<Digest>& nodes) const {
  const bool in_order = a.head.size <= b.head.size;
  const Known& earlier = in_order ? a : b;
  const Known& later = in_order ? b : a;
  if (transparency::VerifyConsistency(earlier.head, later.head, nodes)) return absl::OkStatus();
  const std::string why =
      earlier.head.size == later.head.size
          ? absl::StrCat("two roots are signed for one log of ", later.head.size, " leaves")
          : absl::StrCat("a log of ", later.head.size, " leaves was not shown to continue the one of ",
                         earlier.head.size, " leaves that was signed before");
  const std::string path = folder_ + "/fraud.jsonl";
  const Status kept = KeepContradiction(path, why, earlier.evidence, later.evidence);
  return absl::DataLossError(absl::StrCat(
      why, kept.ok() ? "; what was signed is kept in " + path
                     : "; keeping what was signed failed: " + std::string(FromSv(kept.message()))));
}

// Every head that becomes known has been compared with the one that was known right before.
Status LogView::Advance(const transparency::LogKeys& log, const Known& next, Known compared,
                        const ProofSource& source) {
  while (true) {
    Known now;
    {
      MutexLock lock(mutex_);
      now = KnownLocked(log);
      if (now.head == compared.head) {
        if (next.head.size > now.head.size) known_[log.current().Text()] = next;
        return absl::OkStatus();
      }
    }
    // Another call was faster.
    const auto [from, to] = std::minmax({now.head.size, next.head.size});
    PL_ASSIGN_OR_RETURN(const std::vector<Digest> nodes, source(from, to));
    PL_RETURN_IF_ERROR(Compare(now, next, nodes));
    compared = now;
  }
}

Status LogView::TakeHead(const transparency::LogKeys& log, const Known& next, const ProofSource& source) {
  const Known asked = known(log);
  std::vector<Digest> nodes;
  if (asked.head.size != next.head.size) {
    const auto [from, to] = std::minmax({asked.head.size, next.head.size});
    StatusOr<std::vector<Digest>> got = source(from, to);
    // A log that is shorter than what it has signed proves nothing, and is compared as such.
    if (!got.ok() && !absl::IsOutOfRange(got.status())) return got.status();
    if (got.ok()) nodes = *std::move(got);
  }
  PL_RETURN_IF_ERROR(Compare(asked, next, nodes));
  return Advance(log, next, asked, source);
}

Status LogView::FollowHandovers(const transparency::LogKeys& log, const ProofSource& source) {
  for (const KeyHandover& handover : log.handovers()) {
    const std::string line = transparency::HandoverLine(log.market(), handover);
    const Digest digest = Sha256(AsBytes(line));
    {
      MutexLock lock(mutex_);
      if (compared_.contains(digest)) continue;
    }
    PL_RETURN_IF_ERROR(TakeHead(log, {{handover.tree_size, handover.root}, line}, source));
    MutexLock lock(mutex_);
    compared_.insert(digest);
  }
  return absl::OkStatus();
}

Status LogView::TakeReceipt(const transparency::LogKeys& log, const Receipt& receipt, const Known& asked,
                            const std::vector<Digest>& nodes, const ProofSource& source) {
  PL_RETURN_IF_ERROR(FollowHandovers(log, source));
  const Known next{receipt.tree, transparency::ReceiptLine(receipt)};
  PL_RETURN_IF_ERROR(Compare(asked, next, nodes));
  PL_RETURN_IF_ERROR(book_->Append(receipt));
  return Advance(log, next, asked, source);
}

Status LogView::TakeCheckpoint(const transparency::LogKeys& log, const std::string& note,
                               const ProofSource& source) {
  PL_ASSIGN_OR_RETURN(const auto opened, log.Open(note));
  const Known next{opened.checkpoint.head, note};
  const Digest digest = Sha256(AsBytes(note));
  {
    MutexLock lock(mutex_);
    if (compared_.contains(digest)) return absl::OkStatus();
  }
  PL_RETURN_IF_ERROR(FollowHandovers(log, source));
  PL_RETURN_IF_ERROR(TakeHead(log, next, source));
  {
    MutexLock lock(mutex_);
    if (compared_.size() >= kComparedMax) compared_.clear();
    compared_.insert(digest);
  }
  if (next.head.size <= Kept(log).head.size) return absl::OkStatus();
  return ReplaceFileDurably(CheckpointPath(log.current()), AsBytes(note), 0600);
}

}  // namespace prooflode::client
