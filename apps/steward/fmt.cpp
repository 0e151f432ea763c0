// SPDX-License-Identifier: Apache-2.0
//
// fmt, compiled here once. With FMT_HEADER_ONLY each source that formats compiles all of it; to link Debian's library is one more package for one
// translation unit.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {
// Declared `extern template` for everybody else.
template FMT_API auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl<char>(locale_ref) -> char;
}  // namespace detail
FMT_END_NAMESPACE
