"""Tools that several benchmarks use: recordings, corpora, timing, tables, and the program that we compare with."""
