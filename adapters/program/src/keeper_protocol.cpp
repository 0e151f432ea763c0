// SPDX-License-Identifier: Apache-2.0
#include "steward/program/detail/keeper_protocol.hpp"

#include "steward/program/detail/wire.hpp"

namespace steward::detail {
namespace {

// The numbers on the wire: never used for anything else, and as the order of the variants.
static_assert(std::is_same_v<std::variant_alternative_t<1, request>, hello>);
static_assert(std::is_same_v<std::variant_alternative_t<6, request>, shutdown_request>);
static_assert(std::is_same_v<std::variant_alternative_t<1, reply>, welcome>);
static_assert(std::is_same_v<std::variant_alternative_t<6, reply>, changed>);

enum class status_kind : std::uint8_t { none = 0, code = 1, signal = 2 };

void write(wire_writer& to, const held_state& state) {
  const auto kind = !state.status ? status_kind::none : state.status->signal != 0 ? status_kind::signal : status_kind::code;
  to.u8(static_cast<std::uint8_t>(state.phase));
  to.u8(static_cast<std::uint8_t>(kind));
  to.u32(static_cast<std::uint32_t>(kind == status_kind::none ? 0 : kind == status_kind::signal ? state.status->signal : state.status->code));
  to.u64(static_cast<std::uint64_t>(state.ended_at));
}

/// False for a phase or kind that does not exist.
bool read(wire_reader& from, held_state& state) {
  const auto phase = from.u8();
  const auto kind = from.u8();
  const auto value = static_cast<int>(from.u32());
  state.ended_at = static_cast<std::int64_t>(from.u64());
  if (phase > static_cast<std::uint8_t>(held_phase::gone) || kind > static_cast<std::uint8_t>(status_kind::signal)) return false;
  state.phase = static_cast<held_phase>(phase);
  if (static_cast<status_kind>(kind) == status_kind::code) state.status = program_exit{.code = value, .signal = 0};
  if (static_cast<status_kind>(kind) == status_kind::signal) state.status = program_exit{.code = 0, .signal = value};
  return true;
}

void write(wire_writer& to, const launch& what) {
  to.text(what.path);
  to.texts(what.arguments);
  to.texts(what.environment);
  to.text(what.directory);
}

launch read_launch(wire_reader& from) {
  launch what;
  what.path = from.text();
  what.arguments = from.texts();
  what.environment = from.texts();
  what.directory = from.text();
  return what;
}

void write(wire_writer& to, const held_child& what) {
  to.u64(what.child);
  to.text(what.key);
  to.text(what.note);
  to.u32(static_cast<std::uint32_t>(what.pid));
  to.u64(what.start_time);
  to.u64(static_cast<std::uint64_t>(what.started_at));
  to.u64(what.output_capacity);
  write(to, what.state);
}

bool read(wire_reader& from, held_child& what) {
  what.child = from.u64();
  what.key = from.text();
  what.note = from.text();
  what.pid = static_cast<pid_t>(from.u32());
  what.start_time = from.u64();
  what.started_at = static_cast<std::int64_t>(from.u64());
  what.output_capacity = from.u64();
  return read(from, what.state);
}

struct body_writer {
  wire_writer& to;

  void operator()(const hello& body) const { to.u32(body.version); }
  void operator()(const spawn_request& body) const {
    to.text(body.key);
    to.text(body.note);
    to.u64(body.output_capacity);
    write(to, body.what);
  }
  void operator()(const signal_request& body) const {
    to.u64(body.child);
    to.u32(body.signal);
    to.u8(body.group ? 1 : 0);
  }
  void operator()(const forget_request& body) const { to.u64(body.child); }
  void operator()(const welcome& body) const {
    to.u32(body.version);
    to.u32(static_cast<std::uint32_t>(body.pid));
    to.text(body.boot_id);
  }
  void operator()(const refused& body) const {
    to.text(body.why);
    to.u32(static_cast<std::uint32_t>(body.holder));
  }
  void operator()(const held& body) const { write(to, body.what); }
  void operator()(const failed& body) const {
    to.u32(static_cast<std::uint32_t>(body.number));
    to.text(body.text);
  }
  void operator()(const changed& body) const {
    to.u64(body.child);
    write(to, body.state);
  }
  template <class Empty>
  void operator()(const Empty&) const {}
};

template <class Body>
std::string encode_any(std::uint64_t id, const Body& body) {
  std::string frame(keeper_frame_prefix, '\0');
  wire_writer to(frame);
  to.u8(static_cast<std::uint8_t>(body.index()));
  to.u64(id);
  std::visit(body_writer{to}, body);
  std::string length;
  wire_writer(length).u32(static_cast<std::uint32_t>(frame.size() - keeper_frame_prefix));
  return frame.replace(0, keeper_frame_prefix, length);
}

request read_request(std::uint8_t type, wire_reader& from) {
  switch (type) {
    case 1:
      return hello{.version = from.u32()};
    case 2: {
      spawn_request body;
      body.key = from.text();
      body.note = from.text();
      body.output_capacity = from.u64();
      body.what = read_launch(from);
      return body;
    }
    case 3: {
      signal_request body;
      body.child = from.u64();
      body.signal = from.u32();
      body.group = from.u8() != 0;
      return body;
    }
    case 4:
      return forget_request{.child = from.u64()};
    case 5:
      return list_request();
    case 6:
      return shutdown_request();
    default:
      return unknown_request();
  }
}

/// Empty for a phase or kind that does not exist.
std::optional<reply> read_reply(std::uint8_t type, wire_reader& from) {
  switch (type) {
    case 1: {
      welcome body;
      body.version = from.u32();
      body.pid = static_cast<std::int32_t>(from.u32());
      body.boot_id = from.text();
      return body;
    }
    case 2: {
      refused body;
      body.why = from.text();
      body.holder = static_cast<std::int32_t>(from.u32());
      return body;
    }
    case 3: {
      held body;
      return read(from, body.what) ? std::optional<reply>(std::move(body)) : std::nullopt;
    }
    case 4:
      return done();
    case 5: {
      failed body;
      body.number = static_cast<std::int32_t>(from.u32());
      body.text = from.text();
      return body;
    }
    case 6: {
      changed body;
      body.child = from.u64();
      return read(from, body.state) ? std::optional<reply>(body) : std::nullopt;
    }
    default:
      return unknown_reply();
  }
}

}  // namespace

std::string encode(std::uint64_t id, const request& body) { return encode_any(id, body); }
std::string encode(std::uint64_t id, const reply& body) { return encode_any(id, body); }

std::optional<numbered<request>> decode_request(std::string_view frame) {
  wire_reader from(frame);
  const auto type = from.u8();
  const auto id = from.u64();
  auto body = read_request(type, from);
  if (!from.ok()) return std::nullopt;
  return numbered<request>{id, std::move(body)};
}

std::optional<numbered<reply>> decode_reply(std::string_view frame) {
  wire_reader from(frame);
  const auto type = from.u8();
  const auto id = from.u64();
  auto body = read_reply(type, from);
  if (!from.ok() || !body) return std::nullopt;
  return numbered<reply>{id, std::move(*body)};
}

}  // namespace steward::detail
