// SPDX-License-Identifier: Apache-2.0
#include "steward/program/detail/answer_room.hpp"

#include "steward/program/detail/system_error.hpp"
#include "steward/program/launch.hpp"

#include <sys/resource.h>

#include <string>

namespace steward::detail {
namespace {

constexpr std::size_t for_each = 2;  // as `child_handles`

}  // namespace

error too_few_descriptors(std::string_view what, int number) {
  rlimit limit{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
  auto text = std::string(what);
  if (known) text += ", of which the daemon may have " + std::to_string(limit.rlim_cur) + " (ulimit -n, LimitNOFILE=)";
  return system_error(number, text);
}

error too_few_descriptors_for_a_program(int number) {
  return too_few_descriptors(std::string(to_string(launch_stage::limits)) + ": two descriptors for its end and its output", number);
}

result<> answer_room::reserve() {
  if (const auto none = kept_.hold(for_each * (answers_ + 1))) {
    close();
    return fail(too_few_descriptors_for_a_program(none.value()));
  }
  ++answers_;
  return {};
}

void answer_room::release() noexcept {
  --answers_;
  close();
}

void answer_room::clear() noexcept {
  answers_ = 0;
  close();
}

void answer_room::open() noexcept {
  if (answers_ > 0) (void)kept_.hold(for_each * (answers_ - 1));
}

void answer_room::close() noexcept { (void)kept_.hold(for_each * answers_); }

}  // namespace steward::detail
