// SPDX-License-Identifier: Apache-2.0
#include "steward/straggler.hpp"

#include "steward/detail/roster.hpp"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <unordered_map>

namespace steward::detail {

/// Reads the rosters below one context. What runs inside something else was entered after it: so each domain is read from its oldest entry on, and
/// the one that an entry runs in is the last one seen on its own context or the nearest above.
class roster_reader {
 public:
  explicit roster_reader(const context& top) noexcept : top_(top) {}

  [[nodiscard]] std::vector<straggler> read() && {
    read(top_.domain(), nothing);
    return std::move(found_);
  }

 private:
  static constexpr std::size_t nothing = static_cast<std::size_t>(-1);

  void read(const domain& home, std::size_t inside) {
    // A process stays in the roster while this lock is held, and with it its own domain.
    const std::lock_guard guard(home.lock);
    std::vector<const roster_entry*> entries;
    for (const roster_entry* each = home.roster; each != nullptr; each = each->following())
      if (each->scope->descends_from(top_)) entries.push_back(each);
    std::ranges::reverse(entries);
    std::unordered_map<const context*, std::size_t> last_on;
    for (const roster_entry* each : entries) {
      const bool is_process = each->scope->domain_ != &home;
      const context* const on = is_process ? each->scope->parent_ : each->scope;
      const std::size_t at = add(each->name, nearest(on, home, last_on, inside));
      if (is_process)
        read(*each->scope->domain_, at);
      else
        last_on[on] = at;
    }
  }

  [[nodiscard]] static std::size_t nearest(const context* from, const domain& home, const std::unordered_map<const context*, std::size_t>& last_on,
                                           std::size_t otherwise) {
    if (last_on.empty()) return otherwise;
    for (const context* at = from; at != nullptr && at->domain_ == &home; at = at->parent_)
      if (const auto found = last_on.find(at); found != last_on.end()) return found->second;
    return otherwise;
  }

  std::size_t add(std::string_view name, std::size_t inside) {
    if (name.empty()) name = "?";
    straggler next;
    if (inside != nothing) {
      found_[inside].innermost = false;
      next.path = found_[inside].path + '/';
    }
    next.path += name;
    found_.push_back(std::move(next));
    return found_.size() - 1;
  }

  const context& top_;
  std::vector<straggler> found_;
};

}  // namespace steward::detail

namespace steward {

std::vector<straggler> stragglers(const context& ctx) { return detail::roster_reader(ctx).read(); }

}  // namespace steward
