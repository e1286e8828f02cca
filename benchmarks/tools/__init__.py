"""What several benchmarks use: recordings, corpora of them, timing, tables, the peer."""
