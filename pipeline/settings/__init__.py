"""The settings file, params.yaml: its blocks, checks and documentation, and the plugins it names; also file paths."""
