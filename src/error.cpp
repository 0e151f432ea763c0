// SPDX-License-Identifier: Apache-2.0
#include "steward/error.hpp"

#include "one_line.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <typeinfo>
#include <utility>
#include <vector>

namespace steward {
namespace {

using detail::code_of;
using detail::inherited_of;
using detail::origin_of;
using detail::pack;
using detail::reason_of;

std::string inline_text(std::uintptr_t word) {
  if (code_of(word) != errc::stopped) return make_error_code(code_of(word)).message();
  std::string text = "stopped: ";
  text += to_string(reason_of(word));
  if (inherited_of(word)) text += " (inherited)";
  return text;
}

std::atomic<std::uint64_t> contained_count{0};

std::string demangled(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return name ? name.get() : type.name();
}

}  // namespace

/// What an error with a text, a prefix or several causes holds. With one cause `text` is a prefix, with several it is empty.
struct error::node {
  std::atomic<std::uint32_t> references{1};
  std::error_code code;
  std::string text;
  std::vector<error> causes;
  std::vector<error> lost;
  node* next = nullptr;  // used by the destructor alone
};

/// Walks an error and its causes, parents first, without recursion: chains of 100,000 prefixes are printed and matched (CH6).
struct error::walk {
  struct item {
    const error* at;
    std::size_t depth;
    bool lost;
  };
  std::vector<item> pending;
  bool into_lost;

  walk(const error& root, bool lost_too) : into_lost(lost_too) { pending.push_back({&root, 0, false}); }

  bool next(item& out) {
    if (pending.empty()) return false;
    out = pending.back();
    pending.pop_back();
    if (const node* inside = out.at->pointer()) {
      if (into_lost)
        for (auto it = inside->lost.rbegin(); it != inside->lost.rend(); ++it) pending.push_back({&*it, out.depth + 1, true});
      for (auto it = inside->causes.rbegin(); it != inside->causes.rend(); ++it) pending.push_back({&*it, out.depth + 1, false});
    }
    return true;
  }

  /// Whether all causes that have none themselves are stops, and their words fit.
  template <class Fits>
  [[nodiscard]] static bool only_stops(const error& root, Fits fits) {
    if (root.pointer() == nullptr) return code_of(root.word_) == errc::stopped && fits(root.word_);
    walk steps(root, false);
    item now{};
    while (steps.next(now)) {
      const node* inside = now.at->pointer();
      if (inside != nullptr && !inside->causes.empty()) continue;
      if (inside != nullptr || code_of(now.at->word_) != errc::stopped || !fits(now.at->word_)) return false;
    }
    return true;
  }
};

error::node* error::pointer() const noexcept {
  return (word_ & 1) != 0 ? nullptr : reinterpret_cast<node*>(word_);  // NOLINT(performance-no-int-to-ptr)
}

error error::from(node* made, errc otherwise) noexcept { return made != nullptr ? error(reinterpret_cast<std::uintptr_t>(made)) : error(otherwise); }

error::error(errc code) noexcept : word_(pack(code)) {}

error::error(std::error_code code, std::string_view text) noexcept : word_(pack(errc::out_of_memory)) {
  const bool ours = code.category() == category();
  if (ours) word_ = pack(static_cast<errc>(code.value()));
  if (ours && text.empty()) return;
  try {
    auto made = std::make_unique<node>();
    made->code = code;
    made->text = text.empty() ? code.message() : std::string(text);
    word_ = reinterpret_cast<std::uintptr_t>(made.release());
  } catch (const std::bad_alloc&) {
    return;  // the code alone remains
  }
}

error::error(std::string_view text) noexcept : error(make_error_code(errc::failed), text) {}

error error::stopped(stop_reason reason, const context* origin, bool inherited) noexcept {
  return error(detail::pack_stop(reason, reinterpret_cast<std::uintptr_t>(origin), inherited));
}

error error::join(std::span<const error> causes) noexcept {
  if (causes.size() == 1) return causes.front();
  try {
    auto made = std::make_unique<node>();
    made->causes.assign(causes.begin(), causes.end());
    return from(made.release(), errc::out_of_memory);
  } catch (const std::bad_alloc&) {
    return causes.front();
  }
}

error error::prefixed(std::string_view text) const noexcept {
  try {
    auto made = std::make_unique<node>();
    made->text = text;
    made->causes.push_back(*this);
    return from(made.release(), errc::out_of_memory);
  } catch (const std::bad_alloc&) {
    return *this;
  }
}

error error::with_lost(std::span<const error> lost) const noexcept {
  if (lost.empty()) return *this;
  try {
    auto made = std::make_unique<node>();
    made->causes.push_back(*this);
    made->lost.assign(lost.begin(), lost.end());
    return from(made.release(), errc::out_of_memory);
  } catch (const std::bad_alloc&) {
    return *this;
  }
}

const error& error::first_cause() const noexcept {
  const error* at = this;
  while (const node* inside = at->pointer()) {
    if (inside->causes.empty()) break;
    at = &inside->causes.front();
  }
  return *at;
}

std::error_code error::code() const noexcept {
  const error& cause = first_cause();
  if (const node* inside = cause.pointer()) return inside->code;
  return make_error_code(code_of(cause.word_));
}

bool error::is(std::error_code code) const noexcept {
  walk steps(*this, false);
  walk::item item{};
  while (steps.next(item)) {
    const node* inside = item.at->pointer();
    if (inside == nullptr ? make_error_code(code_of(item.at->word_)) == code : inside->causes.empty() && inside->code == code) return true;
  }
  return false;
}

bool error::is_stop() const noexcept { return code() == make_error_code(errc::stopped); }

stop_reason error::reason() const noexcept { return reason_of(first_cause().pointer() == nullptr ? first_cause().word_ : 0); }

bool error::inherited() const noexcept { return first_cause().pointer() == nullptr && inherited_of(first_cause().word_); }

bool error::only_stops() const noexcept {
  return walk::only_stops(*this, [](std::uintptr_t) { return true; });
}

bool error::is_echo_of(const context* origin) const noexcept {
  const std::uintptr_t identity = origin_of(reinterpret_cast<std::uintptr_t>(origin));
  return walk::only_stops(*this, [identity](std::uintptr_t word) { return origin_of(word) == identity; });
}

std::string error::to_string() const {
  // A join's separator goes before each of its causes but the first, so it travels with the cause.
  struct piece {
    const error* at;
    bool separated;
  };
  std::string out;
  std::vector<piece> pending{{this, false}};
  while (!pending.empty()) {
    const piece now = pending.back();
    pending.pop_back();
    if (now.separated) out += "; ";
    const node* inside = now.at->pointer();
    if (inside == nullptr) {
      out += inline_text(now.at->word_);
      continue;
    }
    detail::append_on_one_line(out, inside->text);
    for (std::size_t i = inside->causes.size(); i-- > 0;) pending.push_back({&inside->causes[i], i > 0});
  }
  return out;
}

std::string error::to_tree() const {
  constexpr std::size_t deepest_indent = 40;  // beyond it the indentation alone would grow with the square of the depth
  std::string out;
  walk steps(*this, true);
  walk::item item{};
  std::vector<std::size_t> folded;  // depths of nodes without a line of their own: their causes take their place
  while (steps.next(item)) {
    while (!folded.empty() && folded.back() >= item.depth) folded.pop_back();
    const node* inside = item.at->pointer();
    if (inside != nullptr && inside->text.empty() && !inside->causes.empty()) {
      folded.push_back(item.depth);
      continue;
    }
    out.append(2 * std::min(item.depth - folded.size(), deepest_indent), ' ');
    if (item.lost) out += "also: ";
    std::string line;
    detail::append_on_one_line(line, inside == nullptr ? inline_text(item.at->word_) : inside->text);
    while (inside != nullptr && !inside->causes.empty() && line.ends_with(' ')) line.pop_back();
    out += line;
    out += '\n';
  }
  return out;
}

void error::hold() const noexcept { pointer()->references.fetch_add(1, std::memory_order_relaxed); }

// Iterative: what a dying node alone held joins a list instead of being destroyed inside its destructor (CH6). The list runs through
// `next`, so that destroying an error never allocates.
void error::let_go() noexcept {
  node* list = pointer();
  if (list->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  while (list != nullptr) {
    const std::unique_ptr<node> dying(std::exchange(list, list->next));
    for (std::vector<error>* held : {&dying->causes, &dying->lost}) {
      for (error& each : *held) {
        node* inside = each.pointer();
        each.word_ = pack(errc::failed);
        if (inside == nullptr || inside->references.fetch_sub(1, std::memory_order_acq_rel) != 1) continue;
        inside->next = std::exchange(list, inside);
      }
    }
  }
}

error current_exception_error() noexcept {
  contained_count.fetch_add(1, std::memory_order_relaxed);
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return {make_error_code(errc::out_of_memory), "std::bad_alloc: out of memory"};
  } catch (const std::exception& caught) {
    try {
      return {make_error_code(errc::exception), demangled(typeid(caught)) + ": " + caught.what()};
    } catch (...) {
      return errc::exception;
    }
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    try {
      return {make_error_code(errc::exception), type != nullptr ? demangled(*type) : "unknown"};
    } catch (...) {
      return errc::exception;
    }
  }
}

std::uint64_t contained_exceptions() noexcept { return contained_count.load(std::memory_order_relaxed); }

}  // namespace steward
