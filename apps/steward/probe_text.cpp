// SPDX-License-Identifier: Apache-2.0
#include "probe_text.hpp"

#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace steward {
namespace {

constexpr std::size_t longest_host = 255;  // of a name in the DNS

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_address_character(char c) { return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.'; }

result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size() || port == 0)
    return fail(error(fmt::format("has the port {}; a port is a number from 1 to 65535", in_quotes(text))));
  return port;
}

std::string host_text(const std::string& host, std::uint16_t port) {
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace

result<ready_by_tcp> parse_tcp_probe(std::string_view text) {
  std::string_view host;
  bool valid = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return fail(error("has a [ without its ]; write an IPv6 address as \"[::1]:80\""));
    host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    valid = host.contains(':') && std::ranges::all_of(host, is_address_character);
  } else {
    host = text.substr(0, text.find(':'));
    text.remove_prefix(host.size());
    if (std::ranges::count(text, ':') > 1) return fail(error("has more than one colon; write an IPv6 address as \"[::1]:80\""));
    valid = !host.empty() && host.size() <= longest_host && std::ranges::all_of(host, is_host_character);
  }
  if (!valid) return fail(error(fmt::format("has the host {}; write a name or an address, such as \"127.0.0.1:80\"", in_quotes(host))));
  if (!text.starts_with(':')) return fail(error("has no port; write it as \"host:port\", such as \"127.0.0.1:80\""));
  const auto port = parse_port(text.substr(1));
  if (!port) return fail(port.error());
  return ready_by_tcp{.host = std::string(host), .port = *port};
}

result<ready_by_http> parse_http_probe(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (!text.starts_with(scheme)) return fail(error("must begin with http://, such as \"http://127.0.0.1:80/health\" (no https)"));
  text.remove_prefix(scheme.size());
  const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\'; });
  if (!plain) return fail(error("has a character that a URL cannot have; write it as %XX"));
  if (text.contains('#')) return fail(error("has a fragment (#), which is never sent to a server"));
  const std::string_view authority = text.substr(0, text.find_first_of("/?"));
  if (authority.contains('@')) return fail(error("has a user in it, which a probe does not send"));
  auto where = parse_tcp_probe(authority);
  if (!where) return fail(where.error());
  std::string target(text.substr(authority.size()));
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  return ready_by_http{.host = std::move(where->host), .port = where->port, .target = std::move(target)};
}

std::string probe_text(const ready_by_tcp& probe) { return host_text(probe.host, probe.port); }

std::string probe_text(const ready_by_http& probe) { return fmt::format("http://{}{}", host_text(probe.host, probe.port), probe.target); }

}  // namespace steward
