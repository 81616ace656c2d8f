#include "prover/format/binfile.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/escaping.h"
#include "base/check.h"

namespace prooflode {

namespace {

constexpr uint64_t kHeaderBytes = 12;
constexpr uint64_t kSectionHeaderBytes = 12;

std::string Label(const BinSchema& schema, uint32_t id) {
  for (const BinSection& section : schema.sections) {
    if (section.id == id) return absl::StrCat("section ", id, " (", section.name, ")");
  }
  return absl::StrCat("section ", id, " (unknown)");
}

}  // namespace

StatusOr<BinFile> BinFile::Open(int fd, std::string name, const BinSchema& schema,
                                const CancelToken* cancel) {
  BinFile file(fd, std::move(name), schema, cancel);
  PL_RETURN_IF_ERROR(file.Walk());
  return file;
}

Status BinFile::Walk() {
  struct stat info;
  if (fstat(fd_, &info) != 0) return ErrnoStatus(errno, name_);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat(name_, ": not a regular file"));
  PL_RETURN_IF_ERROR(CheckCancelled());
  const auto size = static_cast<uint64_t>(info.st_size);
  const auto error = [this](const auto&... parts) {
    return absl::InvalidArgumentError(absl::StrCat(name_, ": ", parts...));
  };
  if (size < kHeaderBytes) {
    return error("header: ", size, " bytes in all, want at least ", kHeaderBytes);
  }
  uint8_t head[kHeaderBytes];
  PL_RETURN_IF_ERROR(ReadExactly(fd_, 0, head, name_));
  const std::string_view magic = AsChars({head, 4});
  if (magic != schema_->magic) {
    return error("header: magic \"", absl::CHexEscape(Sv(magic)), "\", want \"", Sv(schema_->magic), "\"");
  }
  if (const auto version = LoadLe<uint32_t>(head + 4); version != schema_->version) {
    return error("header: version ", version, ", want ", schema_->version);
  }
  const auto count = LoadLe<uint32_t>(head + 8);
  if (count > kBinSectionsMax) return error("header: ", count, " sections, want at most ", kBinSectionsMax);

  uint64_t position = kHeaderBytes;  // never above size
  for (uint32_t i = 0; i < count; ++i) {
    if (size - position < kSectionHeaderBytes) {
      return error("section table: entry ", i, " of ", count, " at byte ", position,
                   " is cut off: the file has ", size, " bytes");
    }
    uint8_t entry[kSectionHeaderBytes];
    PL_RETURN_IF_ERROR(ReadExactly(fd_, position, entry, name_));
    position += kSectionHeaderBytes;
    const auto id = LoadLe<uint32_t>(entry);
    const auto length = LoadLe<uint64_t>(entry + 4);
    if (length > size - position) {
      return error(Label(*schema_, id), ": length ", length, " at byte ", position, ", but only ",
                   size - position, " bytes are left in the file");
    }
    PL_RETURN_IF_ERROR(Place(id, position, length));
    position += length;
  }
  if (position != size) {
    return error("section table: ", size - position, " bytes after the last of ", count,
                 " sections, want none");
  }
  for (size_t i = 0; i < extents_.size(); ++i) {
    const BinSection& section = schema_->sections[i];
    if (section.rule == BinSection::kRequired && !extents_[i].present) return Error(section.id, "missing");
  }
  return absl::OkStatus();
}

Status BinFile::Place(uint32_t id, uint64_t offset, uint64_t size) {
  for (size_t i = 0; i < extents_.size(); ++i) {
    const BinSection& section = schema_->sections[i];
    if (section.id != id) continue;
    if (section.rule == BinSection::kRefused) return Error(id, "not supported");
    if (extents_[i].present) return Error(id, "appears twice");
    extents_[i] = {offset, size, true};
  }
  return absl::OkStatus();
}

size_t BinFile::IndexOf(uint32_t id) const {
  for (size_t i = 0; i < extents_.size(); ++i) {
    if (schema_->sections[i].id == id) return i;
  }
  PL_CHECK(false);
  return 0;
}

bool BinFile::Has(uint32_t id) const { return extents_[IndexOf(id)].present; }

uint64_t BinFile::SizeOf(uint32_t id) const {
  const Extent& extent = extents_[IndexOf(id)];
  PL_CHECK(extent.present);
  return extent.size;
}

Status BinFile::Read(uint32_t id, uint64_t offset, std::span<uint8_t> out) const {
  const Extent& extent = extents_[IndexOf(id)];
  PL_CHECK(extent.present);
  PL_CHECK(offset <= extent.size && out.size() <= extent.size - offset);
  while (!out.empty()) {
    PL_RETURN_IF_ERROR(CheckCancelled());
    const auto piece = out.first(std::min(out.size(), kPieceBytes));
    PL_RETURN_IF_ERROR(ReadExactly(fd_, extent.offset + offset, piece, name_));
    offset += piece.size();
    out = out.subspan(piece.size());
  }
  return absl::OkStatus();
}

Status BinFile::NoMemory(uint32_t id, size_t count, size_t element_bytes) const {
  return absl::ResourceExhaustedError(absl::StrCat(name_, ": ", Label(*schema_, id), ": no memory for ",
                                                   count, " elements of ", element_bytes, " bytes each"));
}

Status BinFile::CheckCancelled() const {
  if (!IsCancelled(cancel_)) return absl::OkStatus();
  return absl::CancelledError(absl::StrCat(name_, ": reading was cancelled"));
}

Status BinFile::Error(uint32_t id, std::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(name_, ": ", Label(*schema_, id), ": ", Sv(what)));
}

Status BinFile::WantSize(uint32_t id, uint64_t want, std::string_view why) const {
  const uint64_t size = SizeOf(id);
  if (size == want) return absl::OkStatus();
  return Error(id, absl::StrCat("length ", size, ", want ", want, " for ", Sv(why)));
}

BinCursor::BinCursor(const BinFile& file, uint32_t id)
    : file_(file),
      id_(id),
      size_(file.SizeOf(id)),
      buffer_(std::make_unique_for_overwrite<uint8_t[]>(std::min<uint64_t>(size_, kBufferBytes))) {}

Status BinCursor::Ended(uint64_t count, std::string_view what) const {
  return file_.Error(id_, absl::StrCat("ends within ", Sv(what), ": at byte ", position_, " of ", size_,
                                       ", want ", count, " more bytes"));
}

StatusOr<const uint8_t*> BinCursor::Take(size_t count, std::string_view what) {
  PL_CHECK(count <= kBufferBytes);
  if (count > left()) return Ended(count, what);
  const uint64_t end = buffer_start_ + buffer_size_;
  if (position_ < buffer_start_ || position_ + count > end) {
    buffer_start_ = position_;
    buffer_size_ = static_cast<size_t>(std::min<uint64_t>(left(), kBufferBytes));
    PL_RETURN_IF_ERROR(file_.Read(id_, buffer_start_, {buffer_.get(), buffer_size_}));
  }
  const uint8_t* const bytes = buffer_.get() + (position_ - buffer_start_);
  position_ += count;
  return bytes;
}

StatusOr<uint32_t> BinCursor::TakeU32(std::string_view what) {
  PL_ASSIGN_OR_RETURN(const uint8_t* const bytes, Take(4, what));
  return LoadLe<uint32_t>(bytes);
}

Status BinCursor::Skip(uint64_t count, std::string_view what) {
  if (count > left()) return Ended(count, what);
  position_ += count;
  return absl::OkStatus();
}

Status TakePrime(BinCursor& cursor, const BinFile& file, uint32_t id, const Limbs& prime,
                 std::string_view field) {
  PL_ASSIGN_OR_RETURN(const uint32_t size, cursor.TakeU32(absl::StrCat(Sv(field), " size")));
  if (size != 32) return file.Error(id, absl::StrCat(Sv(field), " size ", size, " bytes, want 32 (BN254)"));
  PL_ASSIGN_OR_RETURN(const uint8_t* const bytes, cursor.Take(32, absl::StrCat(Sv(field), " prime")));
  if (const Limbs came = LoadLimbs(bytes); came != prime) {
    return file.Error(
        id, absl::StrCat(Sv(field), " prime ", LimbsToHex(came), ", want BN254's ", LimbsToHex(prime)));
  }
  return absl::OkStatus();
}

std::string LimbsToHex(const Limbs& value) {
  return absl::StrCat("0x", absl::Hex(value[3], absl::kZeroPad16), absl::Hex(value[2], absl::kZeroPad16),
                      absl::Hex(value[1], absl::kZeroPad16), absl::Hex(value[0], absl::kZeroPad16));
}

Limbs LoadLimbs(const uint8_t* bytes) {
  return {LoadLe<uint64_t>(bytes), LoadLe<uint64_t>(bytes + 8), LoadLe<uint64_t>(bytes + 16),
          LoadLe<uint64_t>(bytes + 24)};
}

BinWriter::BinWriter(std::string path, std::string_view magic, uint32_t version, uint32_t sections,
                     unsigned mode)
    : path_(std::move(path)),
      file_(FileReplacement::Open(path_, mode)),
      status_(file_.status()),
      sections_left_(sections) {
  PL_CHECK(magic.size() == 4);
  section_left_ = kHeaderBytes;
  Bytes(AsBytes(magic));
  U32(version);
  U32(sections);
}

void BinWriter::Section(uint32_t id, uint64_t size) {
  PL_CHECK(section_left_ == 0);
  PL_CHECK(sections_left_ > 0);
  --sections_left_;
  section_left_ = kSectionHeaderBytes;
  U32(id);
  U64(size);
  section_left_ = size;
}

void BinWriter::Bytes(ByteSpan data) {
  PL_CHECK(data.size() <= section_left_);
  section_left_ -= data.size();
  if (data.size() < BinCursor::kBufferBytes) {
    buffer_.insert(buffer_.end(), data.begin(), data.end());
    if (buffer_.size() >= BinCursor::kBufferBytes) Flush();
  } else {
    Flush();
    status_ = Write(data);
  }
}

void BinWriter::U32(uint32_t value) {
  uint8_t bytes[4];
  StoreLe(bytes, value);
  Bytes(bytes);
}

void BinWriter::U64(uint64_t value) {
  uint8_t bytes[8];
  StoreLe(bytes, value);
  Bytes(bytes);
}

void BinWriter::Put(const Limbs& value) {
  for (const uint64_t limb : value) U64(limb);
}

Status BinWriter::Write(ByteSpan data) {
  PL_RETURN_IF_ERROR(status_);
  return WriteAll(file_->fd(), data, path_);
}

void BinWriter::Flush() {
  status_ = Write(buffer_);
  buffer_.clear();
}

Status BinWriter::Finish() {
  PL_CHECK(section_left_ == 0 && sections_left_ == 0);
  Flush();
  PL_RETURN_IF_ERROR(status_);
  return file_->Commit();
}

}  // namespace prooflode
