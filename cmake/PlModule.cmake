# pl_module(NAME SRCS… HDRS… TESTS… DEPS… TEST_DEPS… [NETWORKED] [THREADED]): one folder, one library pl::NAME, one test
# binary (pl_test has the two flags).
include(GoogleTest)

add_custom_target(sanitized_tests)
add_custom_target(sanitized_network_tests)
add_custom_target(threaded_tests)

function(pl_module name)
  cmake_parse_arguments(M "NETWORKED;THREADED" "" "SRCS;HDRS;TESTS;DEPS;TEST_DEPS" ${ARGN})
  set(target pl_${name})
  if(M_SRCS)
    add_library(${target} STATIC ${M_SRCS})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(pl::${name} ALIAS ${target})
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${M_HDRS})
  target_link_libraries(${target} ${scope} pl::options ${M_DEPS})
  if(BUILD_TESTING AND M_TESTS)
    set(flags)
    foreach(flag IN ITEMS NETWORKED THREADED)
      if(M_${flag})
        list(APPEND flags ${flag})
      endif()
    endforeach()
    pl_test(${name} SRCS ${M_TESTS} DEPS ${target} ${M_TEST_DEPS} ${flags})
  endif()
endfunction()

# pl_test(NAME SRCS… DEPS… [NETWORKED] [THREADED]): a GoogleTest binary pl_NAME_test; each TEST is a ctest test, labelled NAME.
# All run under the address sanitizer too (target sanitized_tests, label has "sanitized"), those that use gRPC and take long to build
# only in full runs (NETWORKED: sanitized_network_tests, "networked"); THREADED ones run under the thread sanitizer
# (threaded_tests, "threaded").
function(pl_test name)
  cmake_parse_arguments(T "NETWORKED;THREADED" "" "SRCS;DEPS" ${ARGN})
  add_executable(pl_${name}_test ${T_SRCS})
  target_compile_options(pl_${name}_test PRIVATE ${PROOFLODE_TEST_OPTIONS})
  target_link_libraries(pl_${name}_test PRIVATE pl::options ${T_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  set(label ${name}) # one string: gtest_discover_tests takes no list of labels
  if(T_NETWORKED)
    add_dependencies(sanitized_network_tests pl_${name}_test)
    string(APPEND label " networked")
  else()
    add_dependencies(sanitized_tests pl_${name}_test)
    string(APPEND label " sanitized")
  endif()
  if(T_THREADED)
    add_dependencies(threaded_tests pl_${name}_test)
    string(APPEND label " threaded")
  endif()
  gtest_discover_tests(pl_${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS "${label}" TIMEOUT 900)
endfunction()

# pl_precompile(TARGET HEADERS…): parses large library headers once a target, which halves the build of parts that use gRPC.
function(pl_precompile target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
endfunction()

# pl_program(NAME SRCS… DEPS…): an installed executable.
function(pl_program name)
  cmake_parse_arguments(P "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${P_SRCS})
  target_link_libraries(${name} PRIVATE pl::options ${P_DEPS})
  install(TARGETS ${name} RUNTIME)
endfunction()
