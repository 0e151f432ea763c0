// SPDX-License-Identifier: Apache-2.0
//
// What the user typed, as a value. Pure: the environment comes in as an argument, nothing is printed.
#pragma once

#include "api.hpp"
#include "daemon.hpp"

#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace steward {

struct apply_command {
  std::string socket;
  std::string file;   ///< `-` for stdin
  bool plan = false;  ///< only tell what would be done
  bool json = false;  ///< of a plan
  friend bool operator==(const apply_command&, const apply_command&) = default;
};

struct status_command {
  std::string socket;
  std::optional<std::string> key;
  bool json = false;
  friend bool operator==(const status_command&, const status_command&) = default;
};

struct explain_command {
  std::string socket;
  std::string key;
  bool json = false;
  friend bool operator==(const explain_command&, const explain_command&) = default;
};

struct stragglers_command {
  std::string socket;
  bool json = false;
  friend bool operator==(const stragglers_command&, const stragglers_command&) = default;
};

/// `start`, `stop`, `restart` and `rm`.
struct control_command {
  std::string socket;
  api_call call = api_call::start;
  std::vector<std::string> keys;  ///< at least one, in the order in which they were typed
  friend bool operator==(const control_command&, const control_command&) = default;
};

struct logs_command {
  std::string socket;
  std::string key;
  bool follow = false;
  std::uint32_t lines = default_log_lines;
  friend bool operator==(const logs_command&, const logs_command&) = default;
};

struct events_command {
  std::string socket;
  std::vector<std::string> keys;  ///< of these units alone; none: everything
  bool follow = false;
  bool json = false;
  friend bool operator==(const events_command&, const events_command&) = default;
};

struct failures_command {
  std::string socket;
  std::vector<std::string> keys;  ///< those that one of these is part of; none: all
  bool json = false;
  friend bool operator==(const failures_command&, const failures_command&) = default;
};

struct version_command {
  friend bool operator==(const version_command&, const version_command&) = default;
};

using invocation = std::variant<run_options, apply_command, status_command, explain_command, stragglers_command, control_command, logs_command,
                                events_command, failures_command, version_command>;

/// There is nothing to run: help was asked for, or what was typed makes no sense.
struct no_invocation {
  int exit_code = 0;
  std::string out;  ///< for stdout
  std::string err;  ///< for stderr
};

/// Reads the arguments, without the program's own name.
/// Shape: `socket_variable` is the value of `STEWARD_SOCKET`, if it is set; empty counts as not set. What is typed comes first: `--socket`, else
/// beside `--db`, else the variable, else beside `./steward.db`. `behind` gives the file that the path of a database leads to, as `file_behind`.
/// Errors: help has exit code 0 and goes to stdout; a wrong use has 2, and one line that says what would be right.
[[nodiscard]] std::expected<invocation, no_invocation> parse_command_line(std::span<const std::string> arguments,
                                                                          const std::optional<std::string>& socket_variable,
                                                                          const std::function<std::string(const std::string&)>& behind);

}  // namespace steward
