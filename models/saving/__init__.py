"""Write, check and load fitted models without pickles."""
