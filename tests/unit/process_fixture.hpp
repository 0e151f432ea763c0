// SPDX-License-Identifier: Apache-2.0
//
// What the tests of `process` share.
#pragma once

#include "steward/process.hpp"
#include "virtual_test.hpp"

#include <deque>
#include <string>

namespace steward::test {

class process_test : public virtual_test {
 protected:
  scripted stage(const std::string& name) { return scripted(name, log); }

  /// Stops it and waits until it is gone.
  void end(process& p) {
    p.request_stop();
    time.run_until_idle();
    EXPECT_TRUE(p.is_done());
  }

  /// The operation fails without any wait.
  template <class Awaitable>
  void expect_at_once(const Awaitable& operation, errc code) {
    background job(time, operation);
    EXPECT_TRUE(time.run_one());
    ASSERT_TRUE(job.done());
    EXPECT_EQ(job.outcome().error(), error(code));
  }
};

}  // namespace steward::test
