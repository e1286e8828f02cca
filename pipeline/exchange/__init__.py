"""Import and export: other people's files as bundles of features, and bundles as other people's files."""
