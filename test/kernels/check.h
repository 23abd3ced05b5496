#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sentence_torch::testing {

/// A test of one room: registered by a static Test, run by main().
struct Test {
  Test(const char* name, void (*run)());
};

/// Fails the test unless every |actual - expected| <= tolerance * max(scale, |expected|), where NaN
/// equals NaN and an infinity itself.
void expect_near(const std::string& what, const std::vector<float>& actual,
                 const std::vector<double>& expected, double tolerance, double scale = 1);

void expect(const std::string& what, bool holds);

/// Values from a normal distribution, the same for the same seed everywhere.
std::vector<float> normal(int64_t count, float deviation, uint32_t seed);

/// A measurement, made by `kernels_test --bench`.
struct Bench {
  Bench(const char* name, void (*run)());
};

/// Prints the best and the median rate of many runs, each of which did `work` units.
void report(const std::string& what, double work, const char* unit, std::vector<double> seconds);

double now();

/// Runs `once` for a while and reports.
template <typename F>
void measure(const std::string& what, double work, const char* unit, const F& once) {
  std::vector<double> seconds;
  for (const double end = now() + 0.3; seconds.size() < 5 || now() < end;) {
    const double start = now();
    once();
    seconds.push_back(now() - start);
  }
  report(what, work, unit, std::move(seconds));
}

}  // namespace sentence_torch::testing
