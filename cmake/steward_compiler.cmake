# SPDX-License-Identifier: Apache-2.0
#
# How everything here is compiled: language, warnings, sanitizers.

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
endif()

if(STEWARD_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(STEWARD_CCACHE_PROGRAM ccache)
  if(STEWARD_CCACHE_PROGRAM)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${STEWARD_CCACHE_PROGRAM}")
    if(STEWARD_PCH)
      # What ccache wants before it believes in a precompiled header.
      set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${STEWARD_CCACHE_PROGRAM}")
      add_compile_options("$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>" "$<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>")
    endif()
  endif()
endif()

set(steward_warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Woverloaded-virtual -Wcast-align -Wformat=2)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # A task that falls off its end and a dropped result are bugs; only clang sees them in coroutines, so they are errors in every build.
  list(APPEND steward_warnings -Werror=return-type -Werror=unused-result -Wextra-semi
       -Wzero-as-null-pointer-constant)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wshadow of g++ also warns where a lambda's parameter has the name of a member function; clang's does not.
  list(APPEND steward_warnings -Wno-shadow -Wshadow=local)
  if(STEWARD_SANITIZE)
    # g++ 12 reports uninitialised members inside std::optional and std::expected as soon as a sanitizer changes its inlining.
    list(APPEND steward_warnings -Wno-maybe-uninitialized)
  endif()
endif()
if(STEWARD_WERROR)
  list(APPEND steward_warnings -Werror)
endif()

# g++ spends a sixth of its time on looking for memory that it may use again. What ./dev reckons with for a compiler is 2 GB: it need not look.
if(PROJECT_IS_TOP_LEVEL AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options("SHELL:--param ggc-min-heapsize=1500000")
endif()

# Sanitizers have to be everywhere or nowhere, so they are the only global flags.
if(STEWARD_SANITIZE)
  list(JOIN STEWARD_SANITIZE "," steward_sanitize_flag)
  add_compile_options(-fsanitize=${steward_sanitize_flag} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${steward_sanitize_flag})
  if("undefined" IN_LIST STEWARD_SANITIZE)
    add_compile_options(-fno-sanitize-recover=undefined)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # These two double the compile time of g++ 12. A null pointer that is used faults under AddressSanitizer too; x86 does not mind alignment.
      add_compile_options(-fno-sanitize=null,alignment)
    endif()
  endif()
endif()

# So that the linker can leave out what nobody calls.
if(STEWARD_SMALL)
  if(STEWARD_SANITIZE)
    message(FATAL_ERROR "steward: STEWARD_SMALL links the C++ runtime in, which sanitizers have to find outside")
  endif()
  add_compile_options(-ffunction-sections -fdata-sections)
endif()

if(STEWARD_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Everything a target of ours gets that its users must not inherit.
function(steward_compile target)
  target_compile_features(${target} PUBLIC cxx_std_23)
  target_compile_options(${target} PRIVATE ${steward_warnings})
endfunction()

# For targets full of other people's templates (CLI11, Beast): with -O1 and UBSan, g++ 12 takes 41 s for one such file, without optimisation 15 s.
function(steward_compile_unoptimised_under_gcc_sanitizers target)
  if(TARGET ${target} AND STEWARD_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()
