// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace steward::detail {

/// A thread with a name that takes no signals: those are for the threads that the program has chosen. Empty if the system has none left.
template <class Body>
[[nodiscard]] std::thread quiet_thread(const char* name, Body body) noexcept {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread made;
  try {
    made = std::thread(std::move(body));
    ::pthread_setname_np(made.native_handle(), name);
  } catch (...) {
    made = {};
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return made;
}

}  // namespace steward::detail
