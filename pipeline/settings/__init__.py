"""The settings file, params.yaml: its blocks, its checks, its documentation, the plugins that it names, and paths."""
