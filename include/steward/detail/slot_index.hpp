// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace steward::detail {

/// Finds the number of a thing by the hash of its key. The keys stay with the things; who asks compares them.
///
/// An open-addressing table with eight places to a cache line: a map of nodes costs three cache misses where this costs one, which at a million keys
/// is most of what a lookup takes.
///
/// Threads: none of its own; its owner locks. Cost: 8 bytes a place, of which at most three quarters are taken.
class slot_index {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  /// The first number of this hash for which `is_it(number)`, or `none`.
  template <class IsIt>
  [[nodiscard]] std::uint32_t find(std::uint32_t hash, IsIt&& is_it) const {
    if (places_.empty()) return none;
    for (std::size_t at = home_of(hash);; at = after(at)) {
      const place& here = places_[at];
      if (here.number == none) return none;
      if (here.hash == hash && is_it(here.number)) return here.number;
    }
  }

  /// Has the place fetched where a search for this hash begins.
  void prefetch(std::uint32_t hash) const noexcept {
    if (!places_.empty()) __builtin_prefetch(&places_[home_of(hash)]);
  }

  /// Errors: throws `std::bad_alloc`, and then nothing has changed.
  void add(std::uint32_t hash, std::uint32_t number) {
    if ((size_ + 1) * 4 > places_.size() * 3) grow();
    put({hash, number});
    ++size_;
  }

  /// Shape: the pair has been added and not removed.
  void remove(std::uint32_t hash, std::uint32_t number) noexcept {
    std::size_t hole = home_of(hash);
    while (places_[hole].number != number) hole = after(hole);
    // Whoever follows without a gap moves up, unless that would put it before its home.
    for (std::size_t at = after(hole); places_[at].number != none; at = after(at)) {
      const std::size_t distance_from_home = (at - home_of(places_[at].hash)) & mask();
      if (distance_from_home < ((at - hole) & mask())) continue;
      places_[hole] = places_[at];
      hole = at;
    }
    places_[hole] = {};
    --size_;
  }

  /// Calls `visit(number)` for each, in no order.
  template <class Visit>
  void each(Visit&& visit) const {
    for (const place& here : places_)
      if (here.number != none) visit(here.number);
  }

 private:
  struct place {
    std::uint32_t hash = 0;
    std::uint32_t number = none;
  };

  [[nodiscard]] std::size_t mask() const noexcept { return places_.size() - 1; }
  [[nodiscard]] std::size_t after(std::size_t at) const noexcept { return (at + 1) & mask(); }

  // The upper bits: those of a multiplicative hash are the better ones.
  [[nodiscard]] std::size_t home_of(std::uint32_t hash) const noexcept { return hash >> (33 - std::bit_width(places_.size())); }

  void put(place what) noexcept {
    std::size_t at = home_of(what.hash);
    while (places_[at].number != none) at = after(at);
    places_[at] = what;
  }

  void grow() {
    constexpr std::size_t fewest = 8;
    std::vector<place> old(places_.empty() ? fewest : 2 * places_.size());
    old.swap(places_);
    for (const place& each : old)
      if (each.number != none) put(each);
  }

  std::vector<place> places_;
  std::size_t size_ = 0;
};

}  // namespace steward::detail
