// SPDX-License-Identifier: Apache-2.0
//
// The trampoline: a loop that resumes one coroutine after the other, instead of one inside the other.
#include "steward/scheduler.hpp"

#include <utility>

namespace steward {
namespace {

// Enough that a chain of ordinary depth is one turn, and few enough that posted work waits for microseconds only.
constexpr unsigned transfers_in_a_row = 256;

struct trampoline {
  scheduler* on;
  work* next = nullptr;
  unsigned left = transfers_in_a_row;
};

thread_local constinit trampoline* current = nullptr;

}  // namespace

void scheduler::execute(work& item) noexcept {
  trampoline here{.on = this};
  trampoline* const outer = std::exchange(current, &here);
  for (work* now = &item; now != nullptr; now = std::exchange(here.next, nullptr)) (*now)();
  current = outer;
}

void transfer(waiter& who) noexcept {
  trampoline* const here = current;
  if (here == nullptr || here->on != who.on || here->next != nullptr || here->left == 0) {
    who.on->post(who);
    return;
  }
  --here->left;
  here->next = &who;
}

}  // namespace steward
