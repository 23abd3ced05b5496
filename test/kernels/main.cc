#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "kernels/isa.h"

namespace sentence_torch::testing {
namespace {

struct Entry {
  const char* name;
  void (*run)();
};

std::vector<Entry>& tests() {
  static std::vector<Entry> all;
  return all;
}

std::vector<Entry>& benches() {
  static std::vector<Entry> all;
  return all;
}

int failures = 0;

void fail(const std::string& what) {
  if (++failures <= 20) std::printf("FAILED %s\n", what.c_str());
}

bool near(double actual, double expected, double bound) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected)) return actual == expected;
  return std::fabs(actual - expected) <= bound;
}

}  // namespace

Test::Test(const char* name, void (*run)()) { tests().push_back({name, run}); }

Bench::Bench(const char* name, void (*run)()) { benches().push_back({name, run}); }

void expect(const std::string& what, bool holds) {
  if (!holds) fail(what);
}

void expect_near(const std::string& what, const std::vector<float>& actual,
                 const std::vector<double>& expected, double tolerance, double scale) {
  if (actual.size() != expected.size()) return fail(what + ": another size");
  for (size_t i = 0; i < actual.size(); ++i) {
    const double bound = tolerance * std::max(scale, std::fabs(expected[i]));
    if (near(actual[i], expected[i], bound)) continue;
    return fail(what + ": value " + std::to_string(i) + " is " + std::to_string(actual[i]) +
                ", not " + std::to_string(expected[i]) + " (off by " +
                std::to_string(std::fabs(actual[i] - expected[i]) / bound) + " x the tolerance)");
  }
}

std::vector<float> normal(int64_t count, float deviation, uint32_t seed) {
  std::minstd_rand random(seed + 1);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) {
    double sum = -6;  // Irwin-Hall: std::normal_distribution differs between libraries
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(random()) / 2147483647.0;
    value = deviation * static_cast<float>(sum);
  }
  return values;
}

double now() {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(time).count();
}

void report(const std::string& what, double work, const char* unit, std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  const double best = seconds.front(), median = seconds[seconds.size() / 2];
  std::printf("%-8s %-48s best %8.2f  median %8.2f G%s/s  %9.1f us\n", to_string(isa()),
              what.c_str(), work / best * 1e-9, work / median * 1e-9, unit, best * 1e6);
}

/// Runs what bears `part` in its name.
int run_all(const std::vector<Entry>& entries, const char* part) {
  int ran = 0;
  for (const Entry& entry : entries) {
    if (std::strstr(entry.name, part) == nullptr) continue;
    entry.run();
    ++ran;
  }
  return ran;
}

}  // namespace sentence_torch::testing

/// kernels_test [--bench] [part of a name], or kernels_test --bench --check-choices
int main(int count, char** arguments) {
  using namespace sentence_torch::testing;  // NOLINT: nothing else is here
  const bool bench = count > 1 && std::strcmp(arguments[1], "--bench") == 0;
  const char* asked = count > 1 + bench ? arguments[1 + bench] : "";
  const char* part = std::strcmp(asked, "--check-choices") == 0 ? "choices" : asked;
  const int ran = run_all(bench ? benches() : tests(), part);
  if (!bench) {
    std::printf("%s: %d tests, %d failures\n", sentence_torch::to_string(sentence_torch::isa()),
                ran, failures);
  }
  return failures == 0 && ran > 0 ? 0 : 1;
}
