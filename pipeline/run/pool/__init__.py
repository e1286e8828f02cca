"""The Dask pool: start workers, check them, give them work and notice when one is lost."""
