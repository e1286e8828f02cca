"""The Dask pool: starting workers, checking them, handing them work and noticing when one is lost."""
