"""The stages of the pipeline: each reads files, calls the code that computes, and writes files."""
