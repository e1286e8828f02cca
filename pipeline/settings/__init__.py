"""The settings file, params.yaml: what may stand in it, where things lie, and which plugins it names."""
