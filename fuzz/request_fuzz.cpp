// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what a client sends, read as the daemon reads it: what is understood can be asked for again, what is not is refused in a line that is
// safe for a terminal.
#include "api.hpp"
#include "json_text.hpp"
#include "require.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

namespace http = boost::beast::http;

void ask(std::string_view method, std::string_view target) {
  const auto request = steward::parse_request(method, target);
  if (request) {
    require(steward::parse_request(steward::method_of(*request), steward::target_of(*request)) == *request);
  } else {
    require(request.error().status >= 400 && request.error().status < 500);
    require_safe(request.error().text);
    require(steward::parse_json(steward::error_body(request.error().text)).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string_view method : {"GET", "POST", "DELETE"}) ask(method, text);

  http::request_parser<http::string_body> parser;
  parser.body_limit(steward::largest_body);
  parser.eager(true);
  boost::system::error_code wrong;
  (void)parser.put(boost::asio::buffer(text), wrong);
  if (wrong || !parser.is_done()) return 0;
  const auto request = parser.release();
  ask(std::string_view(request.method_string()), std::string_view(request.target()));
  return 0;
}
