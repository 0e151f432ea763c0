# SPDX-License-Identifier: Apache-2.0
#
# Every option. Those of the parts are ON, OFF or AUTO; AUTO means: on if its dependency is found.

option(STEWARD_WERROR "Warnings are errors; CI only, so that a new compiler does not break a user's build" OFF)
option(STEWARD_CCACHE "Compile through ccache when it is there" ${PROJECT_IS_TOP_LEVEL})
option(STEWARD_PCH "Precompile other people's headers: faster, and hides a missing include, so off in the lint preset" OFF)
option(STEWARD_SMALL "A daemon that takes little memory: sections that nobody uses are left out, the C++ runtime is linked in; not with sanitizers" OFF)
set(STEWARD_SANITIZE "" CACHE STRING "Sanitizers for everything built here, as a list: address;undefined or thread")
set(STEWARD_TEST_TIMEOUT 300 CACHE STRING "Seconds after which a test program that still runs has failed")

# The core is always built. The rest by default as far as its dependencies allow.
set(STEWARD_TESTING AUTO CACHE STRING "The test kit for users (needs GoogleTest for its conformance suite)")
set(STEWARD_ASIO AUTO CACHE STRING "Adapter: Boost.Asio (needs Boost 1.81 headers)")
set(STEWARD_SQLITE AUTO CACHE STRING "Adapter: table in a SQLite file (needs SQLiteCpp)")
set(STEWARD_PROGRAM AUTO CACHE STRING "Adapter: operating system programs (needs Linux and the Asio adapter)")

# What only this repository needs is off inside somebody else's build.
if(PROJECT_IS_TOP_LEVEL)
  set(steward_own AUTO)
else()
  set(steward_own OFF)
endif()
set(STEWARD_APP ${steward_own} CACHE STRING "The daemon and command line")
set(STEWARD_TESTS ${steward_own} CACHE STRING "The tests (need GoogleTest)")
set(STEWARD_EXAMPLES ${steward_own} CACHE STRING "The examples")
set(STEWARD_BENCH ${steward_own} CACHE STRING "The benchmarks (need every adapter)")
option(STEWARD_FUZZ "The libFuzzer targets (clang only)" OFF)
