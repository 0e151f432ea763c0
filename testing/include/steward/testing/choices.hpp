// SPDX-License-Identifier: Apache-2.0
//
// Where a virtual scheduler, or a test, takes its decisions from: in order, at random from a seed, or every sequence there is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace steward::testing {

/// A source of decisions. Whoever asks the same questions gets the same answers again from the same seed or sequence, so a run can be repeated.
class choices {
 public:
  /// A number below `options`.  Shape: `options` is at least 1.
  [[nodiscard]] virtual std::size_t choose(std::size_t options) = 0;

  choices() = default;
  choices(const choices&) = delete;
  choices& operator=(const choices&) = delete;

 protected:
  ~choices() = default;
};

/// Decides at random, the same on every platform.
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
class seeded_choices final : public choices {
 public:
  explicit seeded_choices(std::uint64_t seed) noexcept : state_(seed) {}
  [[nodiscard]] std::size_t choose(std::size_t options) override;

 private:
  std::uint64_t state_;
};

/// Goes through every sequence of decisions, depth first.
///
///     enumerated_choices every;
///     do scenario(every); while (every.next());
///
/// Shape: the scenario ends, and asks the same questions as long as it gets the same answers.
class enumerated_choices final : public choices {
 public:
  enumerated_choices() = default;

  /// One sequence, to replay it: as `to_string` printed it. Beyond its end every answer is 0.
  explicit enumerated_choices(std::string_view recorded);

  [[nodiscard]] std::size_t choose(std::size_t options) override;

  /// Starts over with the next sequence. False: that was the last.
  bool next();

  /// The answers given so far in this sequence, such as `0.2.1`.
  [[nodiscard]] std::string to_string() const;

 private:
  struct decision {
    std::size_t chosen;
    std::size_t options;  // zero: not asked yet, in a sequence that is replayed
  };
  std::vector<decision> taken_;
  std::size_t asked_ = 0;
};

}  // namespace steward::testing
