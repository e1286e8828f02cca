"""The Dask pool: start workers, check them, give them work, and notice if one is lost."""
