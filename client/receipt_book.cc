#include "client/receipt_book.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace prooflode::client {
namespace {

using transparency::Receipt;

constexpr char kNewest[] = "/receipts.jsonl";
constexpr char kOlder[] = "/receipts.1.jsonl";
constexpr uint64_t kReadBytesMax = uint64_t{1} << 30;
constexpr mode_t kPrivate = 0600;

StatusOr<UniqueFd> OpenForAppending(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kPrivate));
  if (!file.valid()) return ErrnoStatus(errno, path);
  return file;
}

Status SyncFile(int fd, const std::string& path) {
  return fdatasync(fd) == 0 ? absl::OkStatus() : ErrnoStatus(errno, path);
}

// Gives the number of bytes of whole lines.
StatusOr<size_t> ReadFileOfReceipts(const std::string& path,
                                    const std::function<void(const Receipt&, const std::string&)>& take) {
  PL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kReadBytesMax));
  size_t begin = 0;
  for (size_t line = 1; begin < text.size(); ++line) {
    const size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;  // cut by a crash
    const std::string where = absl::StrCat(path, ":", line);
    const auto receipt = transparency::ParseReceiptLine(std::string_view(text).substr(begin, end - begin));
    if (!receipt.ok()) return Annotate(receipt.status(), where);
    take(*receipt, where);
    begin = end + 1;
  }
  return begin;
}

bool IsFolder(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

StatusOr<std::unique_ptr<ReceiptBook>> ReceiptBook::Open(const std::string& folder, uint64_t file_bytes) {
  std::unique_ptr<ReceiptBook> book(new ReceiptBook(folder, file_bytes));
  const auto keep_largest = [&largest = book->largest_](const Receipt& receipt, const std::string&) {
    for (Receipt& other : largest) {
      if (other.market != receipt.market || other.coordinator != receipt.coordinator) continue;
      if (other.tree.size < receipt.tree.size) other = receipt;
      return;
    }
    largest.push_back(receipt);
  };
  for (const char* name : {kOlder, kNewest}) {
    const StatusOr<size_t> whole = ReadFileOfReceipts(folder + name, keep_largest);
    if (absl::IsNotFound(whole.status())) continue;
    if (!whole.ok()) return absl::DataLossError(whole.status().message());
    if (name == kNewest && truncate((folder + name).c_str(), static_cast<off_t>(*whole)) != 0) {
      return ErrnoStatus(errno, folder + name);
    }
  }
  MutexLock lock(book->mutex_);
  PL_RETURN_IF_ERROR(book->OpenFile());
  return book;
}

Status ReceiptBook::OpenFile() {
  const std::string path = folder_ + kNewest;
  PL_ASSIGN_OR_RETURN(file_, OpenForAppending(path));
  PL_ASSIGN_OR_RETURN(size_, FileSize(file_.get(), path));
  return SyncDirectory(folder_);
}

Status ReceiptBook::Append(const Receipt& receipt) {
  const std::string line = transparency::ReceiptLine(receipt) + "\n";
  const std::string path = folder_ + kNewest;
  MutexLock lock(mutex_);
  if (!file_.valid()) PL_RETURN_IF_ERROR(OpenFile());
  if (size_ > 0 && size_ + line.size() > file_bytes_) {
    if (std::rename(path.c_str(), (folder_ + kOlder).c_str()) != 0) return ErrnoStatus(errno, path);
    file_.reset();
    PL_RETURN_IF_ERROR(OpenFile());
  }
  Status status = WriteAll(file_.get(), AsBytes(line), path);
  if (status.ok()) status = SyncFile(file_.get(), path);
  if (!status.ok()) {
    // A part of a line in front of the next one would spoil both.
    if (ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) file_.reset();
    return status;
  }
  size_ += line.size();
  return absl::OkStatus();
}

Status ReadReceipts(const std::string& path,
                    const std::function<void(const Receipt&, const std::string&)>& take) {
  if (!IsFolder(path)) return ReadFileOfReceipts(path, take).status();
  bool any = false;
  for (const char* name : {kOlder, kNewest}) {
    const Status status = ReadFileOfReceipts(path + name, take).status();
    if (absl::IsNotFound(status)) continue;
    PL_RETURN_IF_ERROR(status);
    any = true;
  }
  if (any) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(path, ": no receipts.jsonl in this folder"));
}

Status KeepContradiction(const std::string& path, const std::string& why, const std::string& first,
                         const std::string& second) {
  const nlohmann::ordered_json line = {{"why", why}, {"first", first}, {"second", second}};
  const std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  PL_ASSIGN_OR_RETURN(const UniqueFd file, OpenForAppending(path));
  PL_RETURN_IF_ERROR(WriteAll(file.get(), AsBytes(text), path));
  return SyncFile(file.get(), path);
}

}  // namespace prooflode::client
