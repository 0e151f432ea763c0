// SPDX-License-Identifier: Apache-2.0
#include "steward/past_text.hpp"

#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <utility>

namespace steward {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::string_view past_form = "steward past 1";
constexpr std::string_view history_form = "steward history 1";

constexpr std::string_view hex_digits = "0123456789abcdef";

// An error may say anything; what would end the line is written as its number.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char each : text) {
    const auto byte = static_cast<unsigned char>(each);
    if (byte >= ' ' && byte != '\\' && byte != '\x7f')
      out += each;
    else
      out.append("\\").append(1, hex_digits[byte >> 4U]).append(1, hex_digits[byte & 15U]);
  }
  return out;
}

std::string as_it_was(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    unsigned char byte = 0;
    const char* const digits = line.data() + i + 1;
    if (line[i] == '\\' && line.size() - i > 2 && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += line[i];
    }
  }
  return out;
}

/// Takes what comes before `end` off the front of `from`, and `end`.
std::string_view take_until(std::string_view& from, char end) {
  const std::size_t at = from.find(end);
  const std::string_view taken = from.substr(0, at);
  from.remove_prefix(at == std::string_view::npos ? from.size() : at + 1);
  return taken;
}

template <std::integral Number>
void read_number(std::string_view text, Number& into) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [at, wrong] = std::from_chars(text.data(), end, number);
  if (wrong == std::errc() && at == end) into = number;
}

void read_small(std::string_view text, std::optional<int>& into) {
  int number = -1;
  read_number(text, number);
  if (number >= 0) into = number;
}

/// Between instants and what the text says.
class wall_clock {
 public:
  explicit wall_clock(milliseconds ahead) noexcept : ahead_(ahead) {}

  [[nodiscard]] std::string text(instant at) const { return std::to_string((duration_cast<milliseconds>(at.time_since_epoch()) + ahead_).count()); }

  [[nodiscard]] std::optional<instant> read(std::string_view text) const {
    constexpr std::int64_t far_away = std::int64_t{1} << 42U;  // in the 22nd century, and no overflow in nanoseconds
    std::int64_t at = -1;
    read_number(text, at);
    if (at < 0 || at > far_away) return std::nullopt;
    return instant(milliseconds(at) - ahead_);
  }

 private:
  milliseconds ahead_;
};

class writer {
 public:
  writer(std::string_view form, milliseconds ahead) : text_(form), clock_(ahead) { text_ += '\n'; }

  void put(std::string_view name, std::string_view value) { text_.append(name).append(" ").append(value).append("\n"); }
  void put(std::string_view name, std::uint64_t value) { put(name, std::to_string(value)); }
  void put(std::string_view name, instant at) { put(name, clock_.text(at)); }
  template <class T>
  void put(std::string_view name, const std::optional<T>& value) {
    if (value) put(name, *value);
  }
  void put(std::string_view name, const std::optional<int>& value) {
    if (value) put(name, std::to_string(*value));
  }
  void put(const restart_history& history) {
    put("failures", history.failures);
    for (const instant each : history.recent) put("recent", each);
  }
  void put(const exit& ended) {
    put("last", to_string(ended.reason));
    if (ended.cause) put("error", on_one_line(ended.cause->to_string()));
    put("code", ended.code);
    put("signal", ended.signal);
    put("started_at", ended.started_at);
    put("ready_at", ended.ready_at);
    put("ended_at", ended.ended_at);
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
  wall_clock clock_;
};

// True if the line was one of these.
bool read_history(std::string_view name, std::string_view value, const wall_clock& clock, restart_history& into) {
  if (name == "failures") {
    read_number(value, into.failures);
  } else if (name == "recent") {
    if (const auto at = clock.read(value)) into.recent.push_back(*at);
  } else {
    return false;
  }
  return true;
}

void read_exit(std::string_view name, std::string_view value, const wall_clock& clock, exit& into) {
  if (name == "error") into.cause = error(as_it_was(value));
  if (name == "code") read_small(value, into.code);
  if (name == "signal") read_small(value, into.signal);
  if (name == "started_at") into.started_at = clock.read(value);
  if (name == "ready_at") into.ready_at = clock.read(value);
  if (name == "ended_at") into.ended_at = clock.read(value);
}

}  // namespace

milliseconds wall_ahead() noexcept {
  const auto wall = duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  return wall - duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

std::string past_to_text(const row_past& past, milliseconds ahead) {
  writer to(past_form, ahead);
  to.put("incarnation", past.incarnation);
  to.put("restarts", past.restarts);
  to.put("generation", past.generation);
  to.put("state", to_string(past.state));
  if (past.parked) to.put("parked", std::uint64_t{1});
  if (past.since != instant{}) to.put("since", past.since);
  to.put(past.history);
  if (past.state == row_state::backoff) to.put("until", past.until);
  if (past.last) to.put(*past.last);
  return to.take();
}

std::optional<row_past> past_from_text(std::string_view text, milliseconds ahead) {
  if (take_until(text, '\n') != past_form) return std::nullopt;
  const wall_clock clock(ahead);
  row_past past;
  std::optional<instant> until;
  while (!text.empty()) {
    std::string_view value = take_until(text, '\n');
    const std::string_view name = take_until(value, ' ');
    if (name == "incarnation") read_number(value, past.incarnation);
    if (name == "restarts") read_number(value, past.restarts);
    if (name == "generation") read_number(value, past.generation);
    if (name == "state") past.state = row_state_from_string(value).value_or(row_state::stopped);
    if (name == "parked") past.parked = value == "1";
    if (name == "since") past.since = clock.read(value).value_or(instant());
    if (name == "until") until = clock.read(value);
    if (name == "last")
      if (const auto reason = exit_reason_from_string(value)) past.last.emplace().reason = *reason;
    if (read_history(name, value, clock, past.history)) continue;
    if (past.last) read_exit(name, value, clock, *past.last);
  }
  if (past.state == row_state::backoff && !until) past.state = row_state::stopped;
  past.until = until.value_or(instant());
  return past;
}

std::string history_to_text(const restart_history& history, milliseconds ahead) {
  writer to(history_form, ahead);
  to.put(history);
  return to.take();
}

std::optional<restart_history> history_from_text(std::string_view text, milliseconds ahead) {
  if (take_until(text, '\n') != history_form) return std::nullopt;
  const wall_clock clock(ahead);
  restart_history history;
  while (!text.empty()) {
    std::string_view value = take_until(text, '\n');
    const std::string_view name = take_until(value, ' ');
    (void)read_history(name, value, clock, history);
  }
  return history;
}

}  // namespace steward
