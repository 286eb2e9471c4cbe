"""Benchmarks: real tables, peers, speed and quality. Run from the repository's root."""
