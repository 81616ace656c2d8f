# Everything comes from Debian 12 packages (tools/deps.sh); nothing is downloaded at configure time.
find_package(Threads REQUIRED)
find_package(CURL 7.87 REQUIRED) # CURLOPT_QUICK_EXIT
find_package(OpenSSL 3.0 REQUIRED)
find_package(absl REQUIRED)
find_package(Protobuf 3.21 REQUIRED)
find_package(gRPC 1.51 CONFIG REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)

# Debian's civetweb ships no CMake package file.
find_path(CIVETWEB_INCLUDE_DIR civetweb.h REQUIRED)
find_library(CIVETWEB_LIBRARY civetweb REQUIRED)
add_library(pl_civetweb INTERFACE)
add_library(pl::civetweb ALIAS pl_civetweb)
target_include_directories(pl_civetweb SYSTEM INTERFACE ${CIVETWEB_INCLUDE_DIR})
target_link_libraries(pl_civetweb INTERFACE $<BUILD_INTERFACE:${CIVETWEB_LIBRARY}>)

if(BUILD_TESTING)
  find_package(GTest REQUIRED)
  find_path(GMP_INCLUDE_DIR gmp.h REQUIRED)
  find_library(GMP_LIBRARY gmp REQUIRED)
  find_library(GMPXX_LIBRARY gmpxx REQUIRED)
  add_library(pl_gmp INTERFACE) # an oracle for tests only
  add_library(pl::gmp ALIAS pl_gmp)
  target_include_directories(pl_gmp SYSTEM INTERFACE ${GMP_INCLUDE_DIR})
  target_link_libraries(pl_gmp INTERFACE $<BUILD_INTERFACE:${GMPXX_LIBRARY}> $<BUILD_INTERFACE:${GMP_LIBRARY}>)
endif()
