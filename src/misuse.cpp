// SPDX-License-Identifier: Apache-2.0
#include "steward/misuse.hpp"

#include <atomic>
#include <cstdio>
#include <exception>

namespace steward {
namespace {

void terminate() noexcept { std::terminate(); }

std::atomic<misuse_handler> current{&terminate};

}  // namespace

misuse_handler set_misuse_handler(misuse_handler handler) noexcept { return current.exchange(handler != nullptr ? handler : &terminate); }

void report_misuse(std::string_view kind, std::string_view name, std::string_view what) noexcept {
  const auto width = [](std::string_view text) { return static_cast<int>(text.size()); };
  if (name.empty())
    std::fprintf(stderr, "steward: %.*s %.*s\n", width(kind), kind.data(), width(what), what.data());
  else
    std::fprintf(stderr, "steward: %.*s \"%.*s\" %.*s\n", width(kind), kind.data(), width(name), name.data(), width(what), what.data());
  current.load()();
}

}  // namespace steward
