# SPDX-License-Identifier: Apache-2.0
#
# The shapes of target. Sources are globbed with CONFIGURE_DEPENDS: a new file needs no edit here, and a folder that is still empty makes no target.

# steward_library(<name> [FROM <folder>…] [USES <target>…] [PRIVATELY <target>…])
# A layer's library `steward_<name>`, alias `steward::<name>`, from the folder of the caller: headers in include/, sources in src/ (or in FROM).
# Without sources it is an interface library; without headers too it does not exist.
function(steward_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "INCLUDE" "FROM;USES;PRIVATELY")
  if(NOT arg_FROM)
    set(arg_FROM src)
  endif()
  if(NOT arg_INCLUDE)
    set(arg_INCLUDE "${CMAKE_CURRENT_SOURCE_DIR}/include")
  endif()
  list(TRANSFORM arg_FROM PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  list(TRANSFORM arg_FROM APPEND "/*.cpp" OUTPUT_VARIABLE patterns)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${patterns})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${arg_INCLUDE}/*.hpp")
  set(target steward_${name})

  if(sources)
    add_library(${target} ${sources})
    set(access PUBLIC)
    steward_compile(${target})
    target_include_directories(${target} PRIVATE ${arg_FROM})
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  elseif(headers)
    add_library(${target} INTERFACE)
    set(access INTERFACE)
    target_compile_features(${target} INTERFACE cxx_std_23)
  else()
    return()
  endif()

  add_library(steward::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(${target} ${access} "$<BUILD_INTERFACE:${arg_INCLUDE}>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(${target} ${access} ${arg_USES})
  if(sources AND arg_PRIVATELY)
    target_link_libraries(${target} PRIVATE ${arg_PRIVATELY})
  endif()

  set_property(GLOBAL APPEND PROPERTY STEWARD_COMPONENTS ${name})
  install(TARGETS ${target} EXPORT steward-${name} COMPONENT ${name}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(DIRECTORY "${arg_INCLUDE}/" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT ${name} FILES_MATCHING PATTERN "*.hpp")
  install(EXPORT steward-${name} NAMESPACE steward:: FILE steward-${name}.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/steward COMPONENT ${name})
endfunction()

# steward_precompile(<target> <header>…): parses these headers once for all sources of the target, if STEWARD_PCH says so.
function(steward_precompile target)
  get_target_property(sources ${target} SOURCES)
  list(LENGTH sources count)
  if(STEWARD_PCH AND count GREATER 4)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# steward_tests(<folder> USES <target>… [SHARDS n] [OPTIMISED])
# One test program `steward_<folder>_tests` of all sources below the folder. Skipped while a used target is missing.
# Its own sources are compiled without optimisation, which halves the time that takes; OPTIMISED: with it, because the work
# that is waited for happens in them.
function(steward_tests folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OPTIMISED" "SHARDS" "USES")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp")
  if(NOT sources)
    return()
  endif()
  foreach(used IN LISTS arg_USES)
    if(NOT TARGET ${used})
      message(STATUS "steward: tests/${folder} is skipped, because ${used} is not built")
      return()
    endif()
  endforeach()

  set(target steward_${folder}_tests)
  add_executable(${target} ${sources})
  steward_compile(${target})
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/${folder}")
  target_link_libraries(${target} PRIVATE ${arg_USES} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${target} PRIVATE STEWARD_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(NOT arg_OPTIMISED)
    target_compile_options(${target} PRIVATE -O0)
  endif()
  steward_precompile(${target} <gmock/gmock.h> <gtest/gtest.h> <chrono> <expected> <functional> <memory> <string> <vector>)
  steward_add_cases(${folder} "${arg_SHARDS}" $<TARGET_FILE:${target}>)
endfunction()

# steward_planted_tests(): the test program of tests/planted, in which every manager has the bugs that can be planted in one: the sources
# of the simulator that have a manager in them are compiled for it once more, and take the place of the library's.
function(steward_planted_tests)
  steward_tests(planted USES steward::core steward::testing OPTIMISED)
  if(TARGET steward_planted_tests)
    target_sources(steward_planted_tests PRIVATE "${PROJECT_SOURCE_DIR}/testing/src/simulation_world.cpp"
                                                         "${PROJECT_SOURCE_DIR}/testing/src/simulation_processes.cpp")
    target_include_directories(steward_planted_tests PRIVATE "${PROJECT_SOURCE_DIR}/testing/src")
    target_compile_definitions(steward_planted_tests PRIVATE STEWARD_PLANTED_BUGS)
  endif()
endfunction()

# steward_python_tests(<folder> [SHARDS n]): the same for each *_test.py of the folder; it prints what GoogleTest would, and finds the built program in
# the variable STEWARD_BINARY.
function(steward_python_tests folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SHARDS" "")
  find_package(Python3 QUIET COMPONENTS Interpreter)
  if(NOT Python3_Interpreter_FOUND OR NOT TARGET steward)
    message(STATUS "steward: tests/${folder} is skipped, because Python or the program is missing")
    return()
  endif()
  file(GLOB scripts CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.py")
  list(FILTER scripts EXCLUDE REGEX "/steward_under_test.py$")  # the helper of the others
  foreach(script IN LISTS scripts)
    cmake_path(GET script STEM stem)
    steward_add_cases(${folder}.${stem} "${arg_SHARDS}" "${CMAKE_COMMAND}" -E env STEWARD_BINARY=$<TARGET_FILE:steward> PYTHONDONTWRITEBYTECODE=1
                      "${Python3_EXECUTABLE}" "${script}")
  endforeach()
endfunction()

# steward_add_cases(<name> <shards> <command>…): has ctest run a program of many cases, in so many parts, each through tools/run_suite.sh, which keeps
# the output so that `./dev test` can count the cases.
function(steward_add_cases name shards)
  if(NOT shards)
    set(shards 1)
  endif()
  foreach(shard RANGE 1 ${shards})
    set(test ${name})
    if(shards GREATER 1)
      set(test ${name}.${shard}_of_${shards})
    endif()
    math(EXPR index "${shard} - 1")
    string(REGEX REPLACE "\\..*" "" folder ${name})
    steward_add_test(${test} LABELS cases ${folder} COMMAND ${ARGN})
    set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT "GTEST_SHARD_INDEX=${index}" "GTEST_TOTAL_SHARDS=${shards}")
  endforeach()
endfunction()

# steward_add_test(<name> LABELS <label>… [TIMEOUT s] COMMAND <command>…): has ctest run a command through tools/run_suite.sh.
function(steward_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LABELS;COMMAND")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${STEWARD_TEST_TIMEOUT})
  endif()
  add_test(NAME ${name} COMMAND "${PROJECT_SOURCE_DIR}/tools/run_suite.sh" "${PROJECT_BINARY_DIR}/results" ${name} ${arg_COMMAND})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT ${steward_test_environment})
endfunction()

# steward_programs(<prefix> LABEL <label> [LINKS <target>…] [TESTED])
# One program per *.cpp of the caller's folder, linked with every layer that exists. Shared sources of a folder go into its common/ folder.
# TESTED: ctest runs each and wants exit code 0.
function(steward_programs prefix)
  cmake_parse_arguments(PARSE_ARGV 1 arg "TESTED" "LABEL" "LINKS")
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  file(GLOB common CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/common/*.cpp")
  set(layers)
  foreach(layer IN ITEMS core testing asio sqlite program)
    if(TARGET steward::${layer})
      list(APPEND layers steward::${layer})
    endif()
  endforeach()
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM stem)
    set(target ${prefix}${stem})
    add_executable(${target} "${source}" ${common})
    steward_compile(${target})
    target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
    target_link_libraries(${target} PRIVATE ${layers} ${arg_LINKS})
    if(arg_TESTED AND STEWARD_TESTS)
      steward_add_test(${target} LABELS ${arg_LABEL} TIMEOUT 60 COMMAND $<TARGET_FILE:${target}>)
    endif()
  endforeach()
endfunction()
