// What a part measures, without knowing who collects it: prometheus-cpp behind base/telemetry/, nothing
// behind InertMetrics. Names follow prooflode_<part>_<what>_<unit>; counters end in _total. Labels come from
// small fixed sets: never a job, a miner, an address or a digest.
//
// Thread-safe. What a factory returns lives as long as the factory; asking twice for the same name and labels
// gives the same object.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace prooflode {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Increment(double by = 1) = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

class MetricFactory {
 public:
  virtual ~MetricFactory() = default;
  virtual Counter& GetCounter(const std::string& name, const std::string& help,
                              const Labels& labels = {}) = 0;
  virtual Gauge& GetGauge(const std::string& name, const std::string& help, const Labels& labels = {}) = 0;
  virtual Histogram& GetHistogram(const std::string& name, const std::string& help,
                                  const std::vector<double>& buckets, const Labels& labels = {}) = 0;
};

// Bucket bounds start, start*factor, … (count of them).
std::vector<double> ExponentialBuckets(double start, double factor, int count);

// A factory whose metrics forget everything.
class InertMetrics final : public MetricFactory {
 public:
  Counter& GetCounter(const std::string&, const std::string&, const Labels&) override { return counter_; }
  Gauge& GetGauge(const std::string&, const std::string&, const Labels&) override { return gauge_; }
  Histogram& GetHistogram(const std::string&, const std::string&, const std::vector<double>&,
                          const Labels&) override {
    return histogram_;
  }

 private:
  struct InertCounter final : Counter {
    void Increment(double) override {}
  } counter_;
  struct InertGauge final : Gauge {
    void Set(double) override {}
  } gauge_;
  struct InertHistogram final : Histogram {
    void Observe(double) override {}
  } histogram_;
};

}  // namespace prooflode
