// SPDX-License-Identifier: Apache-2.0
#include "steward/row_edit.hpp"

#include "steward/detail/enum_names.hpp"

namespace steward {
namespace {

constexpr detail::enum_names<row_edit, 4> names{{
    {row_edit::keep, "keep"},
    {row_edit::reload, "reload"},
    {row_edit::restart, "restart"},
    {row_edit::replace, "replace"},
}};

}  // namespace

std::string_view to_string(row_edit kind) noexcept { return detail::name_of(names, kind); }

std::optional<row_edit> row_edit_from_string(std::string_view text) noexcept { return detail::with_name(names, text); }

}  // namespace steward
