// SPDX-License-Identifier: Apache-2.0
#include "reply.hpp"

#include "control.hpp"
#include "explain_json.hpp"
#include "json_text.hpp"
#include "status_json.hpp"
#include "steward/wait.hpp"
#include "unit_json.hpp"
#include "unit_rules.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace steward {
namespace {

reply reply_of(const boost::json::value& body) { return {.status = 200, .body = json_line(body) + "\n"}; }

// The table is locked, gone, full or damaged, descriptors are short, or the daemon ends: the same request may succeed later.
bool is_for_now(const error& failure) {
  constexpr std::array<std::errc, 8> troubles{std::errc::device_or_resource_busy, std::errc::no_such_file_or_directory,
                                              std::errc::no_space_on_device,      std::errc::read_only_file_system,
                                              std::errc::permission_denied,       std::errc::io_error,
                                              std::errc::too_many_files_open,     std::errc::too_many_files_open_in_system};
  constexpr std::array<errc, 3> not_usable{errc::unreadable, errc::resource_not_ready, errc::manager_not_running};
  const auto is = [&](auto code) { return failure.is(make_error_code(code)); };
  return failure.is_stop() || std::ranges::any_of(troubles, is) || std::ranges::any_of(not_usable, is);
}

unsigned status_of(const error& failure) {
  if (failure.is(errc::not_found)) return 404;
  if (failure.is(std::make_error_code(std::errc::invalid_argument))) return 422;
  return is_for_now(failure) ? 503 : 500;
}

// One problem a line, as the client shows them.
std::string text_of(const error& failure) {
  std::string text = failure.to_tree();
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

template <class Answer>
reply reply_of(const result<Answer>& answer) {
  return answer ? reply_of(answer_to_json(*answer)) : reply_of(answer.error());
}

version_answer version_now() {
  return {.version = std::string(steward_version()), .api = api_version, .pid = ::getpid(), .search_path = own_search_path()};
}

task<reply> answer_apply(context& ctx, control& daemon, std::string body) {
  auto units = units_from_body(body);
  if (!units) co_return refusal(400, text_of(units.error()));
  co_return reply_of(co_await daemon.apply(ctx, std::move(*units)));
}

task<reply> answer_plan(context& ctx, control& daemon, std::string body) {
  auto units = units_from_body(body);
  if (!units) co_return refusal(400, text_of(units.error()));
  co_return reply_of(co_await daemon.plan(ctx, std::move(*units)));
}

}  // namespace

reply refusal(unsigned status, std::string_view text) { return {.status = status, .body = error_body(text)}; }

reply reply_of(const error& failure) { return refusal(status_of(failure), text_of(failure)); }

task<reply> answer(context& ctx, control& daemon, api_request request, std::string body) {
  switch (request.call) {
    case api_call::version:
      co_return reply_of(answer_to_json(version_now()));
    case api_call::status:
      co_return reply_of(status_to_json(daemon.status()));
    case api_call::unit_status: {
      const auto known = daemon.status(request.key);
      co_return known ? reply_of(status_to_json(*known)) : reply_of(no_unit(request.key));
    }
    case api_call::explain: {
      const auto known = daemon.explain(request.key);
      co_return known ? reply_of(explanation_to_json(*known)) : reply_of(no_unit(request.key));
    }
    case api_call::stragglers:
      co_return reply_of(stragglers_to_json(daemon.stragglers()));
    case api_call::plan:
      co_return co_await answer_plan(ctx, daemon, std::move(body));
    case api_call::apply:
      co_return co_await answer_apply(ctx, daemon, std::move(body));
    case api_call::start:
      co_return reply_of(co_await daemon.start(ctx, std::move(request.key)));
    case api_call::stop:
      co_return reply_of(co_await daemon.stop(ctx, std::move(request.key)));
    case api_call::restart:
      co_return reply_of(co_await daemon.restart(ctx, std::move(request.key)));
    case api_call::remove:
      co_return reply_of(co_await daemon.remove(ctx, std::move(request.key)));
    case api_call::logs:
    case api_call::events:
      break;
  }
  co_return refusal(500, "logs and events are sent as text");
}

}  // namespace steward
