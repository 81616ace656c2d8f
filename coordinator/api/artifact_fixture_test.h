// Transfers over the network, of files in a folder of the test's own.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "client/transfer.h"
#include "coordinator/api/api_fixture_test.h"
#include "prooflode/v1/artifact_service.grpc.pb.h"

namespace prooflode::api {

class ArtifactTest : public ApiTest {
 protected:
  ArtifactTest() {
    folder_ = testing::TempDir() + "/pl_artifact_XXXXXX";
    PL_CHECK(mkdtemp(folder_.data()) != nullptr);
  }
  ~ArtifactTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& content) const {
    const std::string path = folder_ + "/file";
    std::ofstream(path) << content;
    return path;
  }
  Status Upload(Party& party, const std::string& content) {
    return client::Upload(*party.connection, Write(content), v1::ARTIFACT_KIND_WITNESS).status();
  }

  // An upload by hand, which breaks off where the test wants it to.
  class Stream {
   public:
    Stream(Party& party, const std::string& content, uint64_t size)
        : stub_(v1::ArtifactService::NewStub(party.connection->channel())) {
      PL_CHECK(party.connection->Prepare(context_, Seconds(60)).ok());
      writer_ = stub_->UploadArtifact(&context_, &response_);
      v1::UploadArtifactRequest message;
      message.mutable_header()->set_digest(StringOf(Sha256(AsBytes(content))));
      message.mutable_header()->set_size_bytes(size);
      message.mutable_header()->set_kind(v1::ARTIFACT_KIND_WITNESS);
      writer_->Write(message);
    }
    bool Send(const std::string& chunk) {
      v1::UploadArtifactRequest message;
      message.set_chunk(chunk);
      return writer_->Write(message);
    }
    grpc::StatusCode Finish() {
      writer_->WritesDone();
      return writer_->Finish().error_code();
    }
    grpc::StatusCode Wait() { return writer_->Finish().error_code(); }

   private:
    grpc::ClientContext context_;
    v1::UploadArtifactResponse response_;
    const std::unique_ptr<v1::ArtifactService::Stub> stub_;
    std::unique_ptr<grpc::ClientWriter<v1::UploadArtifactRequest>> writer_;
  };

  v1::StatArtifactResponse Stat(Party& party, const std::string& content) {
    const auto stub = v1::ArtifactService::NewStub(party.connection->channel());
    grpc::ClientContext context;
    PL_CHECK(party.connection->Prepare(context, Seconds(60)).ok());
    v1::StatArtifactRequest request;
    request.set_digest(StringOf(Sha256(AsBytes(content))));
    v1::StatArtifactResponse response;
    EXPECT_TRUE(stub->StatArtifact(&context, request, &response).ok());
    return response;
  }

  std::string folder_;
};

}  // namespace prooflode::api
