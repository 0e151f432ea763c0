# SPDX-License-Identifier: Apache-2.0
#
# What `find_package(steward COMPONENTS …)` reads. The targets themselves are installed where they are made.
include(CMakePackageConfigHelpers)

set(steward_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/steward)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/steward-config.cmake.in" "${PROJECT_BINARY_DIR}/steward-config.cmake"
                              INSTALL_DESTINATION ${steward_config_dir})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/steward-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/steward-config.cmake" "${PROJECT_BINARY_DIR}/steward-config-version.cmake"
        DESTINATION ${steward_config_dir} COMPONENT core)
