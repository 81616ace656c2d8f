#include "coordinator/store/forgetful_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include "base/sim/sim_env.h"

namespace prooflode::store {
namespace {

constexpr size_t kSector = 512;

struct PendingWrite {
  size_t offset = 0;
  std::string bytes;
  bool truncate = false;  // to `offset`
};

// What is known of one file: what the disk surely holds, and what it may hold.
struct FileImage {
  std::string durable;
  std::vector<PendingWrite> pending;
};

struct Disk {
  sqlite3_vfs* system = nullptr;
  std::map<std::string, FileImage> files;
  uint64_t operations = 0;
  uint64_t fail_at = 0;

  bool dead() const { return fail_at != 0 && operations >= fail_at; }
  // Counts one; false when the power is gone.
  bool Operation() {
    if (!dead()) ++operations;
    return !dead();
  }
};
Disk& TheDisk() {
  static Disk disk;
  return disk;
}

void Overwrite(std::string& content, size_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  content.replace(offset, bytes.size(), bytes);
}
void ApplyTo(std::string& content, const PendingWrite& write) {
  if (write.truncate) {
    content.resize(std::min(content.size(), write.offset));
  } else {
    Overwrite(content, write.offset, write.bytes);
  }
}

// SQLite gives us this much memory; the system's file follows it.
struct ForgetfulFile {
  sqlite3_file base;
  FileImage* image;  // null for files that are not kept
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
ForgetfulFile* Mine(sqlite3_file* file) { return reinterpret_cast<ForgetfulFile*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Mine(file)->real(); }

int Close(sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); }
int Read(sqlite3_file* f, void* out, int size, sqlite3_int64 offset) {
  return Real(f)->pMethods->xRead(Real(f), out, size, offset);
}
int Write(sqlite3_file* f, const void* data, int size, sqlite3_int64 offset) {
  if (!TheDisk().Operation()) return SQLITE_IOERR_WRITE;
  if (Mine(f)->image != nullptr) {
    Mine(f)->image->pending.push_back(
        {static_cast<size_t>(offset),
         std::string(static_cast<const char*>(data), static_cast<size_t>(size))});
  }
  return Real(f)->pMethods->xWrite(Real(f), data, size, offset);
}
int Truncate(sqlite3_file* f, sqlite3_int64 size) {
  if (!TheDisk().Operation()) return SQLITE_IOERR_TRUNCATE;
  if (Mine(f)->image != nullptr) {
    Mine(f)->image->pending.push_back({static_cast<size_t>(size), {}, true});
  }
  return Real(f)->pMethods->xTruncate(Real(f), size);
}
int Sync(sqlite3_file* f, int) {
  if (!TheDisk().Operation()) return SQLITE_IOERR_FSYNC;
  if (FileImage* image = Mine(f)->image) {
    for (const PendingWrite& write : image->pending) ApplyTo(image->durable, write);
    image->pending.clear();
  }
  return SQLITE_OK;  // this disk is the images: the real one need not be waited for
}
int FileSize(sqlite3_file* f, sqlite3_int64* size) { return Real(f)->pMethods->xFileSize(Real(f), size); }
int Lock(sqlite3_file* f, int level) { return Real(f)->pMethods->xLock(Real(f), level); }
int Unlock(sqlite3_file* f, int level) { return Real(f)->pMethods->xUnlock(Real(f), level); }
int CheckReserved(sqlite3_file* f, int* out) { return Real(f)->pMethods->xCheckReservedLock(Real(f), out); }
int FileControl(sqlite3_file* f, int op, void* arg) {
  return Real(f)->pMethods->xFileControl(Real(f), op, arg);
}
int SectorSize(sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); }
int Characteristics(sqlite3_file*) { return 0; }  // promises nothing: no atomic or ordered writes
int ShmMap(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return Real(f)->pMethods->xShmMap(Real(f), page, size, extend, out);
}
int ShmLock(sqlite3_file* f, int offset, int n, int flags) {
  return Real(f)->pMethods->xShmLock(Real(f), offset, n, flags);
}
void ShmBarrier(sqlite3_file* f) { Real(f)->pMethods->xShmBarrier(Real(f)); }
int ShmUnmap(sqlite3_file* f, int remove) { return Real(f)->pMethods->xShmUnmap(Real(f), remove); }

const sqlite3_io_methods kMethods = {
    2,        Close,         Read,        Write,      Truncate,        Sync,   FileSize, Lock,
    Unlock,   CheckReserved, FileControl, SectorSize, Characteristics, ShmMap, ShmLock,  ShmBarrier,
    ShmUnmap, nullptr,       nullptr};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  Disk& disk = TheDisk();
  file->pMethods = nullptr;
  if (disk.dead()) return SQLITE_CANTOPEN;
  const int code = disk.system->xOpen(disk.system, name, Real(file), flags, out_flags);
  if (code != SQLITE_OK) return code;
  Mine(file)->image = nullptr;
  if (name != nullptr) {
    const auto [known, is_new] = disk.files.try_emplace(name);
    if (is_new) {  // what earlier runs left is on the disk
      std::ifstream in(name, std::ios::binary);
      known->second.durable.assign(std::istreambuf_iterator<char>(in), {});
    }
    Mine(file)->image = &known->second;
  }
  file->pMethods = &kMethods;
  return SQLITE_OK;
}
int Delete(sqlite3_vfs*, const char* name, int sync) {
  Disk& disk = TheDisk();
  if (!disk.Operation()) return SQLITE_IOERR_DELETE;
  if (const auto known = disk.files.find(name); known != disk.files.end()) known->second = {};
  return disk.system->xDelete(disk.system, name, sync);
}
int Access(sqlite3_vfs*, const char* name, int flags, int* out) {
  return TheDisk().system->xAccess(TheDisk().system, name, flags, out);
}
int FullPathname(sqlite3_vfs*, const char* name, int size, char* out) {
  return TheDisk().system->xFullPathname(TheDisk().system, name, size, out);
}

}  // namespace

void RegisterForgetfulVfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
    TheDisk().system = system;
    sqlite3_vfs mine = *system;  // randomness, sleep and time are the system's
    mine.iVersion = 2;
    mine.szOsFile = static_cast<int>(sizeof(ForgetfulFile)) + system->szOsFile;
    mine.zName = kForgetfulVfs;
    mine.pNext = nullptr;
    mine.xOpen = Open;
    mine.xDelete = Delete;
    mine.xAccess = Access;
    mine.xFullPathname = FullPathname;
    return mine;
  }();
  sqlite3_vfs_register(&vfs, 0);
}

void StartForgetful(uint64_t operation) {
  Disk& disk = TheDisk();
  disk.files.clear();
  disk.operations = 0;
  disk.fail_at = operation;
}

uint64_t ForgetfulOperations() { return TheDisk().operations; }

void RestoreAfterFailure(uint64_t seed) {
  Disk& disk = TheDisk();
  SimRandom random(seed);
  for (auto& [name, image] : disk.files) {
    std::string content = image.durable;
    for (PendingWrite& write : image.pending) {
      const uint64_t fate = random.Below(3);
      if (fate == 0) continue;
      if (fate == 1 && !write.truncate && write.bytes.size() > kSector) {
        write.bytes.resize(kSector * (1 + random.Below(write.bytes.size() / kSector)));
      }
      ApplyTo(content, write);
    }
    if (std::filesystem::exists(name)) {
      std::ofstream(name, std::ios::binary | std::ios::trunc) << content;
    }
    std::filesystem::remove(name + "-shm");
    image = {content, {}};
  }
  disk.fail_at = 0;
}

}  // namespace prooflode::store
