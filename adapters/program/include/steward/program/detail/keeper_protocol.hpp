// SPDX-License-Identifier: Apache-2.0
//
// What a daemon and its keeper say to each other, as values and as bytes.
#pragma once

#include "steward/program/launch.hpp"
#include "steward/program/process_group.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace steward::detail {

/// A keeper outlives upgrades of the daemon, so a daemon has to understand every version from 1 on. Within a version messages may grow at their end:
/// a reader ignores what follows the fields that it knows.
inline constexpr std::uint32_t keeper_protocol_version = 1;

/// A frame is a length (u32, of all that follows), a type (u8), the number of the request (u64; 0 for what nobody asked for), and the fields.
/// Longer ones are refused: the kernel takes no larger argument list in its default setting.
inline constexpr std::size_t keeper_max_frame = std::size_t{4} << 20U;
inline constexpr std::size_t keeper_frame_prefix = 4;

/// How far a child has come.
enum class held_phase : std::uint8_t {
  running = 0,  ///< its leader lives
  exited = 1,   ///< its leader has ended; others of its group live
  gone = 2,     ///< nobody of its group is left
};

/// How a child stands.
struct held_state {
  held_phase phase = held_phase::running;
  std::optional<program_exit> status;  ///< of the leader, once it has ended; empty then too if the system would not say
  std::int64_t ended_at = 0;           ///< milliseconds of the wall clock since 1970

  friend bool operator==(const held_state&, const held_state&) = default;
};

/// A child as the keeper knows it.
struct held_child {
  std::uint64_t child = 0;  ///< the keeper's number for it, never used again
  std::string key;          ///< at most one child of a key is not gone
  std::string note;         ///< anything that the daemon wants to find again
  pid_t pid = 0;
  std::uint64_t start_time = 0;
  std::int64_t started_at = 0;  ///< milliseconds of the wall clock since 1970
  std::uint64_t output_capacity = 0;
  held_state state;

  friend bool operator==(const held_child&, const held_child&) = default;
};

// From the daemon. The answer to each carries its number.
struct hello {
  std::uint32_t version = keeper_protocol_version;
  friend bool operator==(const hello&, const hello&) = default;
};
/// → `held` with the child and its two descriptors, or `failed`.
struct spawn_request {
  std::string key;
  std::string note;
  std::uint64_t output_capacity = 0;
  launch what;
  friend bool operator==(const spawn_request&, const spawn_request&) = default;
};
/// → `done` or `failed`.
struct signal_request {
  std::uint64_t child = 0;
  std::uint32_t signal = 0;
  bool group = false;
  friend bool operator==(const signal_request&, const signal_request&) = default;
};
/// Drops the record of a child that is gone. → `done` or `failed`.
struct forget_request {
  std::uint64_t child = 0;
  friend bool operator==(const forget_request&, const forget_request&) = default;
};
/// → a `held` for each child, then `done`.
struct list_request {
  friend bool operator==(const list_request&, const list_request&) = default;
};
/// Ends the keeper when every child is gone. → `done` or `failed`.
struct shutdown_request {
  friend bool operator==(const shutdown_request&, const shutdown_request&) = default;
};
/// One that this version does not know. → `failed`.
struct unknown_request {
  friend bool operator==(const unknown_request&, const unknown_request&) = default;
};

using request = std::variant<unknown_request, hello, spawn_request, signal_request, forget_request, list_request, shutdown_request>;

// From the keeper.
struct welcome {
  std::uint32_t version = 0;
  std::int32_t pid = 0;
  std::string boot_id;
  friend bool operator==(const welcome&, const welcome&) = default;
};
/// The connection is closed after it. `holder` is the process number of the daemon that has the keeper, or 0.
struct refused {
  std::string why;
  std::int32_t holder = 0;
  friend bool operator==(const refused&, const refused&) = default;
};
/// Followed by the child's two descriptors: pidfd, output.
struct held {
  held_child what;
  friend bool operator==(const held&, const held&) = default;
};
struct done {
  friend bool operator==(const done&, const done&) = default;
};
struct failed {
  std::int32_t number = 0;
  std::string text;
  friend bool operator==(const failed&, const failed&) = default;
};
/// Nobody asked: a child has ended, or its group is empty now.
struct changed {
  std::uint64_t child = 0;
  held_state state;
  friend bool operator==(const changed&, const changed&) = default;
};
/// One that this version does not know; to be ignored.
struct unknown_reply {
  friend bool operator==(const unknown_reply&, const unknown_reply&) = default;
};

using reply = std::variant<unknown_reply, welcome, refused, held, done, failed, changed>;

template <class Body>
struct numbered {
  std::uint64_t id = 0;
  Body body;

  friend bool operator==(const numbered&, const numbered&) = default;
};

/// Whole frames, length included.
[[nodiscard]] std::string encode(std::uint64_t id, const request& body);
[[nodiscard]] std::string encode(std::uint64_t id, const reply& body);

/// Shape: a frame without its length. Empty for what is not well formed.
[[nodiscard]] std::optional<numbered<request>> decode_request(std::string_view frame);
[[nodiscard]] std::optional<numbered<reply>> decode_reply(std::string_view frame);

}  // namespace steward::detail
