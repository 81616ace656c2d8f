# pl_proto(NAME FILES…): a library of generated protobuf and gRPC code; the code stays in the build tree.
function(pl_proto name)
  cmake_parse_arguments(P "" "" "FILES" ${ARGN})
  set(out ${PROJECT_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${out})
  set(sources)
  foreach(file IN LISTS P_FILES)
    string(REGEX REPLACE "\\.proto$" "" stem ${file})
    set(made ${out}/${stem}.pb.cc ${out}/${stem}.pb.h ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
    add_custom_command(
      OUTPUT ${made}
      COMMAND protobuf::protoc --proto_path=${CMAKE_CURRENT_SOURCE_DIR} --cpp_out=${out} --grpc_out=${out}
              --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${CMAKE_CURRENT_SOURCE_DIR}/${file}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file} VERBATIM)
    list(APPEND sources ${out}/${stem}.pb.cc ${out}/${stem}.grpc.pb.cc)
  endforeach()
  add_library(pl_${name} STATIC ${sources})
  add_library(pl::${name} ALIAS pl_${name})
  target_include_directories(pl_${name} SYSTEM PUBLIC ${out})
  target_link_libraries(pl_${name} PUBLIC gRPC::grpc++ protobuf::libprotobuf)
  target_precompile_headers(pl_${name} PRIVATE <grpcpp/grpcpp.h>)
endfunction()
