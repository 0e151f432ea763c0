# SPDX-License-Identifier: Apache-2.0
#
# Finds what each part needs. A part set to AUTO goes off with a word when its dependency is missing; set to ON it is an error.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost's own package file, not CMake's module
endif()

# steward_needs(<option> <what is missing, for the reader> <condition>…): settles an AUTO option.
macro(steward_needs option what)
  if(${option})
    if(${ARGN})
      set(${option} ON)
    elseif(${option} STREQUAL "AUTO")
      message(STATUS "steward: ${option} is off: it needs ${what}")
      set(${option} OFF)
    else()
      message(FATAL_ERROR "steward: ${option} is ON, and needs ${what}, which was not found")
    endif()
  endif()
endmacro()

if(STEWARD_ASIO OR STEWARD_APP)
  find_package(Boost 1.81 QUIET)
endif()
if(STEWARD_SQLITE)
  find_package(SQLiteCpp QUIET)
endif()
if(STEWARD_TESTING OR STEWARD_TESTS)
  find_package(GTest QUIET)
endif()
if(STEWARD_APP)
  find_package(tomlplusplus QUIET)
  find_package(CLI11 QUIET)
  find_package(fmt QUIET)
endif()

steward_needs(STEWARD_ASIO "Boost 1.81" Boost_FOUND)
steward_needs(STEWARD_SQLITE "SQLiteCpp" SQLiteCpp_FOUND)
steward_needs(STEWARD_PROGRAM "Linux or the Asio adapter" STEWARD_ASIO AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
steward_needs(STEWARD_TESTING "GoogleTest" GTest_FOUND)
steward_needs(STEWARD_TESTS "GoogleTest or the test kit" GTest_FOUND AND STEWARD_TESTING)
steward_needs(STEWARD_APP "one of Boost, toml++, CLI11, fmt, the SQLite and the program adapter"
              Boost_FOUND AND tomlplusplus_FOUND AND CLI11_FOUND AND fmt_FOUND AND STEWARD_SQLITE AND STEWARD_PROGRAM)
steward_needs(STEWARD_BENCH "every adapter and the test kit" STEWARD_ASIO AND STEWARD_SQLITE AND STEWARD_PROGRAM AND STEWARD_TESTING)
steward_needs(STEWARD_EXAMPLES "nothing" TRUE)
