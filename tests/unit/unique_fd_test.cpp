// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/unique_fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <utility>

namespace steward::detail {
namespace {

unique_fd open_null() { return unique_fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(UniqueFd, ClosesWhatItOwnsOnceAndNothingElse) {
  int first = -1;
  {
    unique_fd one = open_null();
    first = one.get();
    unique_fd other = std::move(one);
    EXPECT_EQ(other.get(), first);
    EXPECT_TRUE(is_open(first));
    const int second = (one = open_null()).get();
    other = std::move(one);
    EXPECT_FALSE(is_open(first));
    EXPECT_TRUE(is_open(second));
    first = other.get();
  }
  EXPECT_FALSE(is_open(first));
  EXPECT_FALSE(unique_fd());
}

TEST(UniqueFd, WhatIsReleasedStaysOpen) {
  unique_fd one = open_null();
  const unique_fd again(one.release());
  EXPECT_FALSE(one);
  one.reset();
  EXPECT_TRUE(is_open(again.get()));
}

TEST(UniqueFd, ClosingKeepsErrno) {
  unique_fd closed(open_null().get() + 1000);  // not open, so closing it fails
  errno = ENOENT;
  closed.reset();
  EXPECT_EQ(errno, ENOENT);
}

TEST(UniqueFd, ADuplicateIsClosedByExec) {
  const unique_fd one = open_null();
  const unique_fd two = one.duplicate();
  EXPECT_NE(two.get(), one.get());
  EXPECT_EQ(::fcntl(two.get(), F_GETFD), FD_CLOEXEC);
}

}  // namespace
}  // namespace steward::detail
