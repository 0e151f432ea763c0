// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

namespace steward::detail {

/// A map in the order of its keys whose entries lie beside one another, page by page, so that a walk over all of them goes through memory from front
/// to back. In a `std::map` each step is a jump, and with a million entries mostly a wait (decision 0010).
///
/// Threads: as a standard container.
/// Cost: a lookup is logarithmic. An insertion or a removal moves at most a page of entries, and one in some hundred moves the list of the pages. A
/// page keeps its memory until its last entry goes.
template <class Key, class T>
class sorted_pages {
 public:
  struct entry {
    Key key;
    T value;
  };
  static_assert(std::is_nothrow_move_constructible_v<entry> && std::is_nothrow_move_assignable_v<entry>, "entries are moved within their page");

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Empty if there is none of this key.
  [[nodiscard]] const T* find(const Key& key) const {
    if (pages_.empty()) return nullptr;
    const page& in = pages_[page_of(key)];
    const auto at = place_in(in, key);
    return at != in.end() && !(key < at->key) ? &at->value : nullptr;
  }
  [[nodiscard]] T* find(const Key& key) { return const_cast<T*>(std::as_const(*this).find(key)); }

  /// Adds one, or replaces its value.
  void put(const Key& key, T value) {
    if (T* const present = find(key)) {
      *present = std::move(value);
      return;
    }
    entry added{key, std::move(value)};
    page& in = pages_.empty() ? add_page(0) : with_room(page_of(key), key);
    in.insert(place_in(in, key), std::move(added));
    ++size_;
  }

  /// False if there was none.
  bool erase(const Key& key) {
    if (find(key) == nullptr) return false;
    const std::size_t number = page_of(key);
    page& in = pages_[number];
    in.erase(place_in(in, key));
    if (in.empty()) pages_.erase(pages_.begin() + static_cast<std::ptrdiff_t>(number));
    --size_;
    return true;
  }

  /// Calls `use(entry)` for one after the other behind `last`, or from the first on where that is null, until it returns false.
  template <class Use>
  void walk_behind(const Key* last, Use&& use) const {
    if (pages_.empty()) return;
    std::size_t number = last == nullptr ? 0 : page_of(*last);
    auto at = pages_[number].begin();
    if (last != nullptr) at = std::upper_bound(at, pages_[number].end(), *last, [](const Key& key, const entry& each) { return key < each.key; });
    while (true) {
      for (; at != pages_[number].end(); ++at)
        if (!use(*at)) return;
      if (++number == pages_.size()) return;
      at = pages_[number].begin();
    }
  }

 private:
  static constexpr std::size_t page_size = 256;

  using page = std::vector<entry>;

  // The last one that does not begin behind `key`, or the first. There is one.
  [[nodiscard]] std::size_t page_of(const Key& key) const {
    const auto behind =
        std::upper_bound(pages_.begin(), pages_.end(), key, [](const Key& wanted, const page& each) { return wanted < each.front().key; });
    return behind == pages_.begin() ? 0 : static_cast<std::size_t>(behind - pages_.begin()) - 1;
  }

  template <class Page>
  [[nodiscard]] static auto place_in(Page& in, const Key& key) {
    return std::lower_bound(in.begin(), in.end(), key, [](const entry& each, const Key& wanted) { return each.key < wanted; });
  }

  page& add_page(std::size_t number) {
    page added;
    added.reserve(page_size);
    return *pages_.insert(pages_.begin() + static_cast<std::ptrdiff_t>(number), std::move(added));
  }

  // A page that `key` belongs into, with room: a full one becomes two. Keys that come in their order leave full pages behind.
  page& with_room(std::size_t number, const Key& key) {
    if (pages_[number].size() < page_size) return pages_[number];
    const bool is_behind = pages_[number].back().key < key;
    if (is_behind && number + 1 < pages_.size() && pages_[number + 1].size() < page_size) return pages_[number + 1];
    page& behind = add_page(number + 1);
    if (is_behind) return behind;
    page& full = pages_[number];
    const auto middle = full.begin() + page_size / 2;
    std::move(middle, full.end(), std::back_inserter(behind));
    full.erase(middle, full.end());
    return key < behind.front().key ? full : behind;
  }

  std::vector<page> pages_;  // none is empty
  std::size_t size_ = 0;
};

}  // namespace steward::detail
