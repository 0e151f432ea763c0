// SPDX-License-Identifier: Apache-2.0
#include "steward/program/process_group.hpp"

#include <signal.h>
#include <string.h>

#include <charconv>

namespace steward {
namespace {

constexpr int signals_from = 256;  // exit codes are 0 to 255

class exit_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "program"; }
  [[nodiscard]] std::string message(int value) const override {
    if (value >= signals_from) return program_exit{.code = 0, .signal = value - signals_from}.to_string();
    return program_exit{.code = value, .signal = 0}.to_string();
  }
};

}  // namespace

const std::error_category& program_category() noexcept {
  static const exit_category instance;
  return instance;
}

std::string program_exit::to_string() const {
  if (signal == 0) return "exited with code " + std::to_string(code);
  const auto number = std::to_string(signal);
  const auto name = signal_name(signal);
  return "killed by signal " + (name == number ? number : number + " (SIG" + name + ")");
}

error program_exit::to_error() const { return {std::error_code(signal == 0 ? code : signals_from + signal, program_category())}; }

std::optional<program_exit> exit_of(const error& failure) noexcept {
  const auto code = failure.code();
  if (code.category() != program_category()) return std::nullopt;
  if (code.value() >= signals_from) return program_exit{.code = 0, .signal = code.value() - signals_from};
  return program_exit{.code = code.value(), .signal = 0};
}

std::string signal_name(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  return name != nullptr ? name : std::to_string(signal);
}

std::optional<int> signal_from_string(std::string_view text) noexcept {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc() && end == text.data() + text.size()) {
    return number > 0 && number <= SIGRTMAX ? std::optional(number) : std::nullopt;
  }
  if (text.starts_with("SIG")) text.remove_prefix(3);
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    const char* name = ::sigabbrev_np(signal);
    if (name != nullptr && text == name) return signal;
  }
  return std::nullopt;
}

}  // namespace steward
