// The container that .zkey, .wtns and .r1cs files share: magic, version, then sections (id, length, content)
// in any order.
//
// The reader trusts nothing: the section table is walked once against the file's size with arithmetic that
// cannot wrap, and content is only ever copied out of the file (never mapped), into memory whose size the
// caller has derived from a checked section length. Sections whose id the schema does not name are skipped. A
// file that shrinks while it is read gives kDataLoss; every other defect kInvalidArgument with "<file>:
// section 4 (coefficients): what came, what was wanted".
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/files.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "kernels/field/fp.h"

namespace prooflode {

// More sections than any tool writes; bounds the walk over a hostile table.
constexpr uint32_t kBinSectionsMax = 1024;

struct BinSection {
  uint32_t id;
  const char* name;
  enum Rule { kRequired, kOptional, kRefused } rule = kRequired;
};

struct BinSchema {
  std::string_view magic;  // four characters
  uint32_t version;
  std::span<const BinSection> sections;
};

class BinFile {
 public:
  // Walks the section table of a regular file. `fd` is borrowed and must stay open; `schema` and `cancel`
  // must outlive the object. Once `cancel` is cancelled nothing more is read and every reader gets
  // kCancelled; it is polled at least once for each kPieceBytes.
  static StatusOr<BinFile> Open(int fd, std::string name, const BinSchema& schema,
                                const CancelToken* cancel = nullptr);

  bool Has(uint32_t id) const;
  // `id` is in the schema and in the file, for this and for all that follows.
  uint64_t SizeOf(uint32_t id) const;
  // Copies out.size() bytes from `offset` of the section; the range lies inside it. Thread-safe.
  Status Read(uint32_t id, uint64_t offset, std::span<uint8_t> out) const;
  // Makes the empty `vector` hold `count` elements, for what a section says: kResourceExhausted where memory
  // does not suffice, kCancelled when cancelled, which is polled every few MB.
  template <typename T>
  Status Resize(uint32_t id, size_t count, std::vector<T>& vector) const;
  // kCancelled, naming the file, if it has been cancelled.
  Status CheckCancelled() const;
  // kInvalidArgument naming file and section.
  Status Error(uint32_t id, std::string_view what) const;
  // An error unless the section is `want` bytes long; `why` explains the number.
  Status WantSize(uint32_t id, uint64_t want, std::string_view why) const;

 private:
  struct Extent {
    uint64_t offset = 0;
    uint64_t size = 0;
    bool present = false;
  };
  BinFile(int fd, std::string name, const BinSchema& schema, const CancelToken* cancel)
      : fd_(fd),
        name_(std::move(name)),
        schema_(&schema),
        cancel_(cancel),
        extents_(schema.sections.size()) {}
  Status Walk();
  Status NoMemory(uint32_t id, size_t count, size_t element_bytes) const;
  Status Place(uint32_t id, uint64_t offset, uint64_t size);
  size_t IndexOf(uint32_t id) const;

  static constexpr size_t kPieceBytes = 512 << 10;

  int fd_;
  std::string name_;
  const BinSchema* schema_;
  const CancelToken* cancel_;
  std::vector<Extent> extents_;
};

template <typename T>
Status BinFile::Resize(uint32_t id, size_t count, std::vector<T>& vector) const {
  constexpr size_t kStep = (size_t{4} << 20) / sizeof(T);
  try {
    vector.reserve(count);
    while (vector.size() < count) {
      PL_RETURN_IF_ERROR(CheckCancelled());
      vector.resize(std::min(count, vector.size() + kStep));
    }
  } catch (const std::bad_alloc&) {
    return NoMemory(id, count, sizeof(T));
  } catch (const std::length_error&) {
    return NoMemory(id, count, sizeof(T));
  }
  return absl::OkStatus();
}

// Reads one section from its start, through a small buffer.
class BinCursor {
 public:
  BinCursor(const BinFile& file, uint32_t id);

  uint64_t position() const { return position_; }
  uint64_t left() const { return size_ - position_; }
  // The next `count` bytes (at most kBufferBytes), valid until the next call. An error, naming `what` was to
  // be read, if the section ends before.
  StatusOr<const uint8_t*> Take(size_t count, std::string_view what);
  StatusOr<uint32_t> TakeU32(std::string_view what);
  Status Skip(uint64_t count, std::string_view what);

  static constexpr size_t kBufferBytes = 256 << 10;

 private:
  Status Ended(uint64_t count, std::string_view what) const;

  const BinFile& file_;
  const uint32_t id_;
  const uint64_t size_;
  uint64_t position_ = 0;
  std::unique_ptr<uint8_t[]> buffer_;
  uint64_t buffer_start_ = 0;  // of the section
  size_t buffer_size_ = 0;
};

// Reads `field size, prime` at the cursor; an error unless they are 32 and `prime`. `field` is what to call
// it.
Status TakePrime(BinCursor& cursor, const BinFile& file, uint32_t id, const Limbs& prime,
                 std::string_view field);

// 0x and 64 hexadecimal digits.
std::string LimbsToHex(const Limbs& value);
Limbs LoadLimbs(const uint8_t* bytes);

// Writes a container: sections are announced with their exact length and filled in order. Errors are kept and
// come out of Finish, which puts the file in its place as FileReplacement does; without it nothing is left
// behind.
class BinWriter {
 public:
  BinWriter(std::string path, std::string_view magic, uint32_t version, uint32_t sections,
            unsigned mode = 0644);
  BinWriter(const BinWriter&) = delete;
  BinWriter& operator=(const BinWriter&) = delete;

  // The section before must be full.
  void Section(uint32_t id, uint64_t size);
  void Bytes(ByteSpan data);
  void U32(uint32_t value);
  void U64(uint64_t value);
  void Put(const Limbs& value);
  // The memory of plain data such as points, as it is.
  template <typename T>
  void Raw(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);
    Bytes({reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()});
  }
  Status Finish();

 private:
  void Flush();

  Status Write(ByteSpan data);

  const std::string path_;
  StatusOr<FileReplacement> file_;
  Status status_;
  std::vector<uint8_t> buffer_;
  uint32_t sections_left_;
  uint64_t section_left_ = 0;
};

}  // namespace prooflode
