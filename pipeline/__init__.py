"""From recordings on disk to a table."""
