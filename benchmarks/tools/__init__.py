"""Tools that several benchmarks use: recordings, corpora, timing, tables, and plain library calls to compare with."""
