// SPDX-License-Identifier: Apache-2.0
//
// What happens when something is destroyed that still runs.
#pragma once

#include <string_view>

namespace steward {

/// Called after the one line about a misuse has been printed. Returning from it continues into undefined behaviour.
using misuse_handler = void (*)() noexcept;

/// Replaces the handler, by default `std::terminate`, and returns the one before. For tests.
///
/// A process, context, manager, service, task scope or run loop that is destroyed before what runs on it has ended cannot be made right: coroutine
/// frames would point into freed memory. So it is reported on stderr, by name and state, and the program ends (PR11).
misuse_handler set_misuse_handler(misuse_handler handler) noexcept;

/// Prints `steward: KIND "NAME" WHAT` on stderr and calls the handler.
void report_misuse(std::string_view kind, std::string_view name, std::string_view what) noexcept;

}  // namespace steward
