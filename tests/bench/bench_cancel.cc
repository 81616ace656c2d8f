// How soon a lost race is over: a real worker process is given a job and told to stop at a random moment of
// it; what is measured is the time from the cancel until its answer is here and it may be given the next job.
//
//   pl_bench_cancel ZKEY WTNS [CANCELS [SEED [THREADS]]]
//
// A third of the cancels hits jobs whose key is in memory already, a third those that read it first, a third
// the reading itself. The moments are uniform over the time that this takes when it is not cancelled; in the
// report each is filed under the stage that was under way then by that measure. The report is JSON.
#include <absl/strings/numbers.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/mutex.h"
#include "base/real_env.h"
#include "base/sim/sim_env.h"
#include "miner/worker/worker_main.h"
#include "miner/worker/worker_process.h"
#include "prover/format/json.h"
#include "prover/format/wtns.h"
#include "prover/format/zkey.h"

namespace prooflode::miner {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string zkey;
  std::string witness;
  uint32_t cancels = 300;
  uint64_t seed = 1;
  uint32_t threads = ThreadPool::UsableProcessors();
};

Json Summary(std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  const auto at = [&](double share) {
    const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(ms.size())));
    return std::round(ms[std::max<size_t>(rank, 1) - 1] * 100) / 100;
  };
  if (ms.empty()) return {{"cancels", 0}};
  return {{"cancels", ms.size()}, {"median_ms", at(0.5)}, {"p99_ms", at(0.99)}, {"max_ms", at(1)}};
}

std::string LoadAverage() {
  std::ifstream file("/proc/loadavg");
  std::string one, five;
  file >> one >> five;
  return one + " " + five;
}

class Bench {
 public:
  explicit Bench(const Arguments& arguments) : arguments_(arguments), random_(arguments.seed) {}

  StatusOr<Json> Run() {
    PL_RETURN_IF_ERROR(ReadStatement());
    WorkerOptions options;
    options.threads = arguments_.threads;
    options.key_memory_bytes = 1;  // one key at a time: another circuit's is read anew
    PL_ASSIGN_OR_RETURN(worker_, WorkerProcess::Start(options, clock_, [this](const WorkerResult& result) {
                          const MutexLock lock(mutex_);
                          results_.push_back({clock_.MonotonicNow(), result});
                          changed_.NotifyAll();
                        }));
    Json report = {{"seed", arguments_.seed},
                   {"threads", arguments_.threads},
                   {"domain", domain_},
                   {"load_average_before", LoadAverage()}};
    PL_ASSIGN_OR_RETURN(const Timeline cold, Whole());
    PL_ASSIGN_OR_RETURN(const Timeline warm, Whole());
    report["whole_job_ms"] = {{"key_read", std::round(cold.back().second)},
                              {"key_in_memory", std::round(warm.back().second)}};
    PL_RETURN_IF_ERROR(Cancels(warm, warm.back().second, false));
    PL_RETURN_IF_ERROR(Cancels(cold, cold.back().second, true));
    PL_RETURN_IF_ERROR(Cancels(cold, cold.front().second, true));
    std::vector<double> all;
    Json stages;
    for (const auto& stage : cold) {
      const std::vector<double>& ms = latencies_[stage.first];
      all.insert(all.end(), ms.begin(), ms.end());
      stages[stage.first] = Summary(ms);
    }
    report["cancel_to_idle"] = Summary(all);
    report["by_stage"] = stages;
    report["proofs_made_before_the_cancel"] = finished_;
    report["load_average_after"] = LoadAverage();
    return report;
  }

 private:
  struct Arrived {
    Micros at;
    WorkerResult result;
  };
  // Stages and when each ends, in milliseconds from the job's start.
  using Timeline = std::vector<std::pair<std::string, double>>;

  Status ReadStatement() {
    ThreadPool pool(arguments_.threads);
    PL_ASSIGN_OR_RETURN(const Witness witness, ReadWtns(arguments_.witness));
    PL_ASSIGN_OR_RETURN(const groth16::ProvingKey key,
                        ReadZkey(arguments_.zkey, {.allow_insecure_setup = true}, pool));
    domain_ = key.domain_size();
    public_inputs_ = Sha256(AsBytes(EncodePublicInputs(groth16::PublicInputs(key, witness))));
    return absl::OkStatus();
  }

  // Hands out the job; with `fresh`, under a circuit's name that no key in memory has.
  Status Begin(bool fresh) {
    if (fresh) ++circuit_;
    WorkerJob job;
    job.id = ++last_id_;
    job.circuit = Sha256(AsBytes(std::to_string(circuit_)));
    job.allow_insecure_setup = true;
    PL_ASSIGN_OR_RETURN(job.zkey, OpenForReading(arguments_.zkey));
    PL_ASSIGN_OR_RETURN(job.witness, OpenForReading(arguments_.witness));
    job.public_inputs = public_inputs_;
    job.limit = Seconds(600);
    return worker_->Prove(std::move(job));
  }

  Arrived Wait() {
    const MutexLock lock(mutex_);
    while (results_.empty()) changed_.Wait(mutex_);
    Arrived arrived = results_.front();
    results_.pop_front();
    return arrived;
  }

  // A job that is left alone. The first one reads the key.
  StatusOr<Timeline> Whole() {
    const Micros begun = clock_.MonotonicNow();
    PL_RETURN_IF_ERROR(Begin(false));
    const Arrived arrived = Wait();
    PL_RETURN_IF_ERROR(arrived.result.status);
    const WorkerResult& r = arrived.result;
    Timeline timeline;
    double end = 0;
    const auto stage = [&](const char* name, double ms) { timeline.emplace_back(name, end += ms); };
    stage("read key and witness", r.load_ms);
    stage("quotient", r.stages.quotient_ms);
    stage("msm h", r.stages.msm_h_ms);
    stage("msm a", r.stages.msm_a_ms);
    stage("msm b1", r.stages.msm_b1_ms);
    stage("msm b2", r.stages.msm_b2_ms);
    stage("msm c", r.stages.msm_c_ms);
    stage("finish and verify", std::max(0.0, ToMillis(arrived.at - begun) - end));
    return timeline;
  }

  // A third of all cancels, at moments before `end_ms`.
  Status Cancels(const Timeline& timeline, double end_ms, bool fresh) {
    for (uint32_t i = 0; i < arguments_.cancels / 3; ++i) {
      const auto moment = Micros(static_cast<int64_t>(random_.Below(static_cast<uint64_t>(end_ms * 1000))));
      PL_RETURN_IF_ERROR(Begin(fresh));
      clock_.Sleep(moment);
      const Micros cancelled = clock_.MonotonicNow();
      worker_->Cancel(last_id_);
      const Arrived arrived = Wait();
      if (arrived.result.status.ok()) {
        ++finished_;
        continue;
      }
      if (arrived.result.status.code() != absl::StatusCode::kCancelled) return arrived.result.status;
      const auto stage = std::find_if(timeline.begin(), timeline.end(),
                                      [&](const auto& s) { return ToMillis(moment) < s.second; });
      latencies_[stage == timeline.end() ? timeline.back().first : stage->first].push_back(
          ToMillis(arrived.at - cancelled));
    }
    return absl::OkStatus();
  }

  const Arguments arguments_;
  SimRandom random_;
  RealClock clock_;
  uint64_t domain_ = 0;
  Digest public_inputs_{};
  uint64_t last_id_ = 0;
  uint64_t circuit_ = 0;
  uint32_t finished_ = 0;
  std::map<std::string, std::vector<double>> latencies_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Arrived> results_ PL_GUARDED_BY(mutex_);
  std::unique_ptr<WorkerProcess> worker_;
};

}  // namespace
}  // namespace prooflode::miner

int main(int argc, char** argv) {
  using namespace prooflode::miner;
  if (IsWorkerCommandLine(argc, argv)) return WorkerMain(argc, argv);
  Arguments arguments;
  const bool good = argc >= 3 && argc <= 6 && (argc < 4 || absl::SimpleAtoi(argv[3], &arguments.cancels)) &&
                    (argc < 5 || absl::SimpleAtoi(argv[4], &arguments.seed)) &&
                    (argc < 6 || absl::SimpleAtoi(argv[5], &arguments.threads)) && arguments.threads > 0;
  if (!good) {
    std::fprintf(stderr, "usage: pl_bench_cancel ZKEY WTNS [CANCELS [SEED [THREADS]]]\n");
    return 2;
  }
  arguments.zkey = argv[1];
  arguments.witness = argv[2];
  const auto report = Bench(arguments).Run();
  if (!report.ok()) {
    std::fprintf(stderr, "pl_bench_cancel: %s\n", std::string(report.status().message()).c_str());
    return 1;
  }
  std::printf("%s\n", report->dump(2).c_str());
  return 0;
}
