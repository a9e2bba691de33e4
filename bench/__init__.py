"""Benchmarks: measurements that are printed, not asserted."""
