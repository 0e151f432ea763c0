// SPDX-License-Identifier: Apache-2.0
//
// How many may be in at the same time.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

namespace steward {

/// A number of places. Whoever is turned away is to be told so; the log hears of it once, and again only after half of the places were free.
///
/// Threads: all on one.  Lifetime: outlives every place taken.
class places {
 public:
  explicit places(std::size_t most) noexcept : most_(most) {}
  places(const places&) = delete;
  places& operator=(const places&) = delete;

  /// One place, until it is destroyed.
  class taken {
   public:
    explicit taken(places& of) noexcept : of_(&of) { ++of.count_; }
    taken(taken&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    taken& operator=(taken&&) = delete;
    ~taken() {
      if (of_ != nullptr) of_->give_back();
    }

   private:
    places* of_;
  };

  /// Empty when there is none left.
  [[nodiscard]] std::optional<taken> take() {
    if (count_ == most_) return std::nullopt;
    return std::optional<taken>(std::in_place, *this);
  }

  /// Whether a refusal that happens now is news.
  [[nodiscard]] bool is_news() noexcept { return !std::exchange(told_, true); }

  [[nodiscard]] std::size_t most() const noexcept { return most_; }

 private:
  void give_back() noexcept {
    if (--count_ <= most_ / 2) told_ = false;
  }

  std::size_t most_;
  std::size_t count_ = 0;
  bool told_ = false;
};

}  // namespace steward
