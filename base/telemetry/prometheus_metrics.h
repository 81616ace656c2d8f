// Metrics collected for Prometheus (prometheus-cpp behind), with what every process of ours says of itself:
// prooflode_build_info and process_* from /proc.
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"

namespace prooflode {

class PrometheusMetrics final : public MetricFactory {
 public:
  explicit PrometheusMetrics(const std::string& version);
  ~PrometheusMetrics() override;

  Counter& GetCounter(const std::string& name, const std::string& help, const Labels& labels) override;
  Gauge& GetGauge(const std::string& name, const std::string& help, const Labels& labels) override;
  Histogram& GetHistogram(const std::string& name, const std::string& help,
                          const std::vector<double>& buckets, const Labels& labels) override;

  // The exposition text (version 0.0.4). Thread-safe.
  std::string Text();
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  void CountCpuSeconds(double total);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace prooflode
