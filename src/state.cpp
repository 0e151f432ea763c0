// SPDX-License-Identifier: Apache-2.0
#include "steward/state.hpp"

namespace steward {

std::string_view to_string(process_state state) noexcept {
  switch (state) {
    case process_state::initial:
      return "initial";
    case process_state::starting:
      return "starting";
    case process_state::running:
      return "running";
    case process_state::stopped:
      return "stopped";
  }
  return "";
}

std::string_view to_string(process_event event) noexcept {
  switch (event) {
    case process_event::start:
      return "start";
    case process_event::ready:
      return "ready";
    case process_event::lost:
      return "lost";
    case process_event::stop:
      return "stop";
    case process_event::force:
      return "force";
    case process_event::end:
      return "end";
  }
  return "";
}

}  // namespace steward
