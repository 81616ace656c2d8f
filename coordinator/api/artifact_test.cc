// Uploads as the coordinator takes them, over the network.
#include "coordinator/api/artifact_fixture_test.h"

namespace prooflode::api {
namespace {

TEST_F(ArtifactTest, ABrokenOffUploadGoesOnAlsoWhenAnotherCompletedTheFile) {
  Party a = Join(1, v1::ROLE_REQUESTER);
  Party b = Join(2, v1::ROLE_REQUESTER);
  const std::string content = std::string(1000, 'x') + std::string(1000, 'y');
  Stream broken(a, content, content.size());
  broken.Send(content.substr(0, 1000));
  EXPECT_EQ(broken.Finish(), grpc::StatusCode::INVALID_ARGUMENT);  // bytes are missing
  ASSERT_TRUE(Upload(b, content).ok());
  EXPECT_FALSE(Stat(a, content).complete());
  EXPECT_EQ(Stat(a, content).partial_bytes(), 1000u);
  const Status status = Upload(a, content);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(Stat(a, content).complete());
}

}  // namespace
}  // namespace prooflode::api
