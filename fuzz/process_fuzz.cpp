// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the register of what runs, and as what the system says of a process: the register goes on behind what can be read of it.
#include "require.hpp"
#include "steward/program/detail/proc_stat.hpp"
#include "steward/program/process_register.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// A folder as long as the program runs; in memory, where all this is forty times as fast.
class folder {
 public:
  folder() { require(::mkdtemp(path_) != nullptr); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::filesystem::path file() const { return std::filesystem::path(path_) / "running"; }

 private:
  char path_[32] = "/dev/shm/process_fuzz_XXXXXX";
};

void keep_register(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  steward::process_register kept(file);
  const auto before = kept.read();
  const steward::registered_process one{"web", {"boot", 7, 8}, "note"};
  require(kept.add(one).has_value());
  std::set<std::string, std::less<>> keys;
  for (const auto& each : before) {
    require(keys.insert(each.key).second);
  }
  keys.insert(one.key);
  const auto after = kept.read();
  require(after.size() == keys.size());
  require(kept.keep_only(keys).has_value());
  require(kept.read() == after);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const folder own;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)steward::detail::parse_proc_stat(bytes);
  keep_register(own.file(), bytes);
  return 0;
}
