#include "cli/market_proof.h"

#include "base/files.h"
#include "cli/proof_judge.h"

namespace prooflode::cli {
namespace {

// What a coordinator delivers is judged here as well, for it may err. The key and the inputs are its own
// word: who does not trust it holds the files against the circuit's own key, as `prooflode verify` does.
Status CheckProof(Market& market, const std::string& job_id, const std::string& circuit_id,
                  const v1::GetProofResponse& proof) {
  v1::GetJobRequest job_request;
  job_request.set_job_id(job_id);
  const auto job = market.client->GetJob(job_request);
  PL_RETURN_IF_ERROR(Remote(job.status()));
  if (job->job().public_inputs() != proof.public_inputs()) {
    return absl::DataLossError("the coordinator's proof is for other public inputs than the job's");
  }
  if (!circuit_id.empty() && job->job().circuit_id() != circuit_id) {
    return absl::DataLossError("the coordinator's job is of another circuit than was posted for");
  }
  v1::GetCircuitRequest circuit_request;
  circuit_request.set_circuit_id(job->job().circuit_id());
  const auto circuit = market.client->GetCircuit(circuit_request);
  PL_RETURN_IF_ERROR(Remote(circuit.status()));
  Groth16Judge judge;
  const auto right =
      judge.IsRight(circuit->circuit().verification_key_json(), proof.public_inputs(), proof.proof());
  if (!right) return absl::DataLossError("the coordinator's verification key cannot be read");
  if (!*right) return absl::DataLossError("the coordinator's proof does not verify");
  return absl::OkStatus();
}

}  // namespace

Status SaveProof(Market& market, const std::string& job_id, const std::string& circuit_id,
                 const std::string& proof_path, const std::string& public_path) {
  v1::GetProofRequest request;
  request.set_job_id(job_id);
  const auto response = market.client->GetProof(request);
  const std::string about = "job " + HexEncode(AsBytes(job_id));
  PL_RETURN_IF_ERROR(Remote(response.status(), about));
  const auto proof = DecodeProof(AsBytes(response->proof()));
  PL_RETURN_IF_ERROR(Remote(Annotate(proof.status(), "the coordinator's proof")));
  const auto inputs = DecodePublicInputs(AsBytes(response->public_inputs()));
  PL_RETURN_IF_ERROR(Remote(Annotate(inputs.status(), "the coordinator's public inputs")));
  PL_RETURN_IF_ERROR(Remote(CheckProof(market, job_id, circuit_id, *response), about));
  if (!proof_path.empty()) PL_RETURN_IF_ERROR(ReplaceFileDurably(proof_path, AsBytes(ProofToJson(*proof))));
  if (public_path.empty()) return absl::OkStatus();
  return ReplaceFileDurably(public_path, AsBytes(PublicToJson(*inputs)));
}

}  // namespace prooflode::cli
