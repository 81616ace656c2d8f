# Language level, warnings, hardening and sanitizers for every target of ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_LINK_LIBRARIES_ONLY_TARGETS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
# Assertions stay on in release: a crash is better than a wrong proof or a lost reward.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

option(PROOFLODE_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
option(PROOFLODE_WERROR "Treat warnings as errors" OFF)
set(PROOFLODE_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")
set(PROOFLODE_TEST_OPTIONS) # for the sources of tests; folders whose tests compute a lot clear it

add_library(pl_options INTERFACE)
add_library(pl::options ALIAS pl_options)
target_include_directories(pl_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(pl_options INTERFACE -Wall -Wextra -Wconversion -Wno-sign-conversion -Wshadow
                                            -Wnon-virtual-dtor -Wno-missing-field-initializers -fstack-protector-strong)
target_link_options(pl_options INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(pl_options INTERFACE -Wthread-safety)
endif()
if(PROOFLODE_WERROR)
  target_compile_options(pl_options INTERFACE -Werror)
endif()
if(PROOFLODE_SANITIZE)
  # Checked builds are made on every change and run small inputs: quick to compile beats quick to run.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    set(PROOFLODE_TEST_OPTIONS -O0) # halves their compilation; gcc's hardly gains
  endif()
  if(PROOFLODE_SANITIZE MATCHES thread)
    # gcc sees uninitialised optionals where its instrumentation stands between the check and the use.
    target_compile_options(pl_options INTERFACE -Wno-maybe-uninitialized)
  endif()
  target_compile_options(pl_options INTERFACE -fsanitize=${PROOFLODE_SANITIZE} -fno-omit-frame-pointer
                                              -fno-sanitize-recover=all)
  target_link_options(pl_options INTERFACE -fsanitize=${PROOFLODE_SANITIZE})
  # Inline assembly hides its memory accesses from the sanitizers.
  target_compile_definitions(pl_options INTERFACE PROOFLODE_NO_ASM=1 PROOFLODE_SANITIZED=1)
endif()

include(CheckPIESupported)
check_pie_supported()
