"""The Dask pool: start workers, check their code and files, send them tasks, and notice when a worker is lost."""
