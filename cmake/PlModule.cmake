# pl_module(NAME SRCS… HDRS… TESTS… DEPS… TEST_DEPS…): one folder, one library pl::NAME, one test binary.
include(GoogleTest)

function(pl_module name)
  cmake_parse_arguments(M "" "" "SRCS;HDRS;TESTS;DEPS;TEST_DEPS" ${ARGN})
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
    pl_test(${name} SRCS ${M_TESTS} DEPS ${target} ${M_TEST_DEPS})
  endif()
endfunction()

# pl_test(NAME SRCS… DEPS…): a GoogleTest binary pl_NAME_test; each TEST is a ctest test, labelled NAME.
function(pl_test name)
  cmake_parse_arguments(T "" "" "SRCS;DEPS" ${ARGN})
  add_executable(pl_${name}_test ${T_SRCS})
  target_link_libraries(pl_${name}_test PRIVATE pl::options ${T_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  gtest_discover_tests(pl_${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS ${name} TIMEOUT 600)
endfunction()

# pl_program(NAME SRCS… DEPS…): an installed executable.
function(pl_program name)
  cmake_parse_arguments(P "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${P_SRCS})
  target_link_libraries(${name} PRIVATE pl::options ${P_DEPS})
  install(TARGETS ${name} RUNTIME)
endfunction()
