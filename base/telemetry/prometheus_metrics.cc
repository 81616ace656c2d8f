#include "base/telemetry/prometheus_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "base/mutex.h"

namespace prooflode {

namespace {

class CounterOf final : public Counter {
 public:
  explicit CounterOf(prometheus::Counter& counter) : counter_(counter) {}
  void Increment(double by) override { counter_.Increment(by); }

 private:
  prometheus::Counter& counter_;
};

class GaugeOf final : public Gauge {
 public:
  explicit GaugeOf(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void Set(double value) override { gauge_.Set(value); }

 private:
  prometheus::Gauge& gauge_;
};

class HistogramOf final : public Histogram {
 public:
  explicit HistogramOf(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

// Fields of /proc/self/stat after the command name, which may hold spaces: utime is the 12th, stime the 13th,
// starttime the 20th, vsize the 21st, rss (pages) the 22nd.
std::vector<double> ProcessStat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  std::vector<double> fields;
  const size_t end = line.rfind(") ");
  if (end == std::string::npos) return fields;
  std::istringstream rest(line.substr(end + 4));  // after the state letter
  for (double value; rest >> value;) fields.push_back(value);
  return fields;
}

double BootTimeSeconds() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double value = 0;
    if (word == "btime" && file >> value) return value;
  }
  return 0;
}

double OpenFileCount() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error))
    ++count;
  return count;
}

}  // namespace

struct PrometheusMetrics::State {
  prometheus::Registry registry;
  Mutex mutex;
  using Key = std::pair<std::string, Labels>;
  std::map<Key, CounterOf> counters PL_GUARDED_BY(mutex);
  std::map<Key, GaugeOf> gauges PL_GUARDED_BY(mutex);
  std::map<Key, HistogramOf> histograms PL_GUARDED_BY(mutex);
  double cpu_seconds PL_GUARDED_BY(mutex) = 0;  // as last reported
};

PrometheusMetrics::PrometheusMetrics(const std::string& version) : state_(std::make_unique<State>()) {
  GetGauge("prooflode_build_info", "Version of this program.",
           {{"version", version}, {"revision", PROOFLODE_REVISION}})
      .Set(1);
}

PrometheusMetrics::~PrometheusMetrics() = default;

Counter& PrometheusMetrics::GetCounter(const std::string& name, const std::string& help,
                                       const Labels& labels) {
  MutexLock lock(state_->mutex);
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry);
  return state_->counters.try_emplace({name, labels}, family.Add(labels)).first->second;
}

Gauge& PrometheusMetrics::GetGauge(const std::string& name, const std::string& help, const Labels& labels) {
  MutexLock lock(state_->mutex);
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
  return state_->gauges.try_emplace({name, labels}, family.Add(labels)).first->second;
}

Histogram& PrometheusMetrics::GetHistogram(const std::string& name, const std::string& help,
                                           const std::vector<double>& buckets, const Labels& labels) {
  MutexLock lock(state_->mutex);
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(state_->registry);
  return state_->histograms.try_emplace({name, labels}, family.Add(labels, buckets)).first->second;
}

void PrometheusMetrics::CountCpuSeconds(double total) {
  Counter& counter = GetCounter("process_cpu_seconds_total", "Processor time used by this process.", {});
  MutexLock lock(state_->mutex);
  // Two scrapes at a time may come here in another order than they read the total.
  if (total <= state_->cpu_seconds) return;
  counter.Increment(total - state_->cpu_seconds);
  state_->cpu_seconds = total;
}

std::string PrometheusMetrics::Text() {
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (const std::vector<double> stat = ProcessStat(); stat.size() >= 21) {
    CountCpuSeconds((stat[10] + stat[11]) / ticks);
    GetGauge("process_start_time_seconds", "Start of this process since the Unix epoch.", {})
        .Set(BootTimeSeconds() + stat[18] / ticks);
    GetGauge("process_virtual_memory_bytes", "Virtual memory of this process.", {}).Set(stat[19]);
    GetGauge("process_resident_memory_bytes", "Resident memory of this process.", {})
        .Set(stat[20] * static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
  GetGauge("process_open_fds", "Open file descriptors of this process.", {}).Set(OpenFileCount());
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace prooflode
