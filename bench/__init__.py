"""The benchmarks: ratios against a floor, measured in one run on one machine. See docs/measurements.md."""
