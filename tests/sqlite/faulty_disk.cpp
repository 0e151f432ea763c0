// SPDX-License-Identifier: Apache-2.0
#include "faulty_disk.hpp"

#include <algorithm>
#include <fstream>
#include <random>
#include <string_view>
#include <utility>

namespace steward::test {

/// What SQLite takes for its file: ours first, the real one behind it in the same memory.
struct faulty_disk::file {
  sqlite3_file base;
  faulty_disk* disk;
  sqlite3_file* real;
  std::string* name;    // empty: a temporary one
  bool flushes_folder;  // with its first flush, as SQLite's own system does for journals and logs that it has made

  static file& of(sqlite3_file* opened) { return *reinterpret_cast<file*>(opened); }
  [[nodiscard]] const sqlite3_io_methods& methods() const { return *real->pMethods; }
  [[nodiscard]] contents* known() const { return name == nullptr ? nullptr : &disk->files_[*name]; }

  static int close(sqlite3_file* opened) {
    file& me = of(opened);
    const int code = me.methods().xClose(me.real);
    delete std::exchange(me.name, nullptr);
    return code;
  }
  static int read(sqlite3_file* opened, void* into, int count, sqlite3_int64 at) {
    const file& me = of(opened);
    if (const int code = me.disk->decide(operation::read); code != SQLITE_OK) return code;
    return me.methods().xRead(me.real, into, count, at);
  }
  static int write(sqlite3_file* opened, const void* from, int count, sqlite3_int64 at) {
    const file& me = of(opened);
    if (const int code = me.disk->decide(operation::write); code != SQLITE_OK) return code;
    const std::lock_guard guard(me.disk->mutex_);
    if (auto* known = me.known()) {
      const auto end = static_cast<std::size_t>(at) + static_cast<std::size_t>(count);
      if (known->written.size() < end) known->written.resize(end);
      known->written.replace(static_cast<std::size_t>(at), static_cast<std::size_t>(count), static_cast<const char*>(from),
                             static_cast<std::size_t>(count));
    }
    return me.methods().xWrite(me.real, from, count, at);
  }
  static int cut(sqlite3_file* opened, sqlite3_int64 size) {
    const file& me = of(opened);
    if (const int code = me.disk->decide(operation::cut); code != SQLITE_OK) return code;
    const std::lock_guard guard(me.disk->mutex_);
    if (auto* known = me.known()) known->written.resize(static_cast<std::size_t>(size));
    return me.methods().xTruncate(me.real, size);
  }
  static int flush(sqlite3_file* opened, int flags) {
    file& me = of(opened);
    if (const int code = me.disk->decide(operation::flush); code != SQLITE_OK) return code;
    const std::lock_guard guard(me.disk->mutex_);
    if (std::exchange(me.flushes_folder, false)) me.disk->flush_folder();
    if (auto* known = me.known()) {
      known->flushed = known->written;
      known->there = true;
    }
    return me.methods().xSync(me.real, flags);
  }
  static int map(sqlite3_file* opened, int page, int size, int extend, void volatile** at) {
    const file& me = of(opened);
    if (const int code = me.disk->decide(operation::map); code != SQLITE_OK) return code;
    return me.methods().xShmMap(me.real, page, size, extend, at);
  }
};

const sqlite3_io_methods& faulty_disk::methods() {
  static const sqlite3_io_methods table = {
      3,
      &file::close,
      &file::read,
      &file::write,
      &file::cut,
      &file::flush,
      [](sqlite3_file* f, sqlite3_int64* size) { return file::of(f).methods().xFileSize(file::of(f).real, size); },
      [](sqlite3_file* f, int level) { return file::of(f).methods().xLock(file::of(f).real, level); },
      [](sqlite3_file* f, int level) { return file::of(f).methods().xUnlock(file::of(f).real, level); },
      [](sqlite3_file* f, int* held) { return file::of(f).methods().xCheckReservedLock(file::of(f).real, held); },
      [](sqlite3_file* f, int what, void* argument) { return file::of(f).methods().xFileControl(file::of(f).real, what, argument); },
      [](sqlite3_file* f) { return file::of(f).methods().xSectorSize(file::of(f).real); },
      [](sqlite3_file* f) { return file::of(f).methods().xDeviceCharacteristics(file::of(f).real); },
      &file::map,
      [](sqlite3_file* f, int offset, int count, int flags) { return file::of(f).methods().xShmLock(file::of(f).real, offset, count, flags); },
      [](sqlite3_file* f) { file::of(f).methods().xShmBarrier(file::of(f).real); },
      [](sqlite3_file* f, int remove) { return file::of(f).methods().xShmUnmap(file::of(f).real, remove); },
      [](sqlite3_file*, sqlite3_int64, int, void** at) {
        *at = nullptr;
        return SQLITE_OK;
      },
      [](sqlite3_file*, sqlite3_int64, void*) { return SQLITE_OK; },
  };
  return table;
}

faulty_disk::faulty_disk() : real_(sqlite3_vfs_find("unix")) {
  system_ = *real_;
  system_.zName = "faulty";
  system_.pNext = nullptr;
  system_.szOsFile = static_cast<int>(sizeof(file)) + real_->szOsFile;
  system_.pAppData = this;
  system_.xOpen = &open;
  system_.xDelete = &remove;
  sqlite3_vfs_register(&system_, 1);
}

faulty_disk::~faulty_disk() {
  sqlite3_vfs_unregister(&system_);
  sqlite3_vfs_register(real_, 1);
}

void faulty_disk::before(std::function<int(operation)> decide) {
  const std::lock_guard guard(mutex_);
  decide_ = std::move(decide);
}

int faulty_disk::decide(operation what) {
  const std::lock_guard guard(mutex_);
  return decide_ ? decide_(what) : SQLITE_OK;
}

int faulty_disk::open(sqlite3_vfs* disk, const char* name, sqlite3_file* opened, int flags, int* flags_out) {
  auto& me = *static_cast<faulty_disk*>(disk->pAppData);
  file& made = file::of(opened);
  made.base.pMethods = nullptr;
  made.disk = &me;
  made.real = reinterpret_cast<sqlite3_file*>(&made + 1);
  made.name = nullptr;
  const int code = me.real_->xOpen(me.real_, name, made.real, flags, flags_out);
  if (code != SQLITE_OK) return code;
  made.flushes_folder = false;
  if (name != nullptr) {
    made.name = new std::string(name);
    const std::lock_guard guard(me.mutex_);
    auto& known = me.files_[*made.name];
    if (known.removed) known = contents();
    made.flushes_folder = !known.there && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  }
  made.base.pMethods = &methods();
  return SQLITE_OK;
}

// Until its folder is flushed the file may be there again after a power cut.
int faulty_disk::remove(sqlite3_vfs* disk, const char* name, int flush_folder) {
  auto& me = *static_cast<faulty_disk*>(disk->pAppData);
  if (const int code = me.decide(operation::remove); code != SQLITE_OK) return code;
  const std::lock_guard guard(me.mutex_);
  if (const auto found = me.files_.find(name); found != me.files_.end()) found->second.removed = true;
  if (flush_folder != 0) me.flush_folder();
  return me.real_->xDelete(me.real_, name, flush_folder);
}

void faulty_disk::flush_folder() {
  std::erase_if(files_, [](const auto& each) { return each.second.removed; });
}

void faulty_disk::power_cut(const std::filesystem::path& folder, std::uint64_t seed) {
  constexpr std::size_t sector = 512;
  const std::lock_guard guard(mutex_);
  std::mt19937_64 random(seed);
  std::filesystem::create_directories(folder);
  for (const auto& [name, known] : files_) {
    if (!known.there || (known.removed && random() % 2 == 0)) continue;
    std::string left = random() % 2 == 0 ? known.flushed : known.flushed.substr(0, known.written.size());
    left.resize(std::max(left.size(), random() % 2 == 0 ? known.written.size() : 0));
    for (std::size_t at = 0; at < std::min(left.size(), known.written.size()); at += sector)
      if (random() % 2 == 0) {
        const auto count = std::min(sector, std::min(left.size(), known.written.size()) - at);
        left.replace(at, count, known.written, at, count);
      }
    std::ofstream(folder / std::filesystem::path(name).filename(), std::ios::binary) << left;
  }
}

}  // namespace steward::test
