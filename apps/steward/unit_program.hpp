// SPDX-License-Identifier: Apache-2.0
//
// From a unit to the program that it describes. Pure.
#pragma once

#include "steward/program/program.hpp"
#include "unit.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace steward {

/// How a unit's program is run: its readiness.
[[nodiscard]] program_options options_of(const unit& what);

/// How long each phase of it may take.
[[nodiscard]] process_deadlines deadlines_of(const unit& what);

/// What the keeper remembers with a program, so that the next daemon knows which incarnation of which definition it is, and how it wants to be
/// stopped.
[[nodiscard]] std::string note_of(const unit& what, std::uint64_t incarnation);

/// The incarnation that a note tells of; empty for what is no note.
[[nodiscard]] std::optional<std::uint64_t> incarnation_of(std::string_view note);

/// How a program is asked to end. A deadline of zero is none, as for the manager.
[[nodiscard]] farewell to_farewell(int signal, std::chrono::nanoseconds deadline);

/// The same by a note of it; for what is no note as by default.
[[nodiscard]] farewell farewell_in(std::string_view note);

/// By the same note: from being asked to end, when it must be gone.
[[nodiscard]] std::chrono::nanoseconds longest_end_in(std::string_view note);

/// Whether two notes tell of the same definition (`unit_keys`), whatever the policy, so that what one began the other may go on with.
[[nodiscard]] bool same_definition(std::string_view left, std::string_view right);

}  // namespace steward
