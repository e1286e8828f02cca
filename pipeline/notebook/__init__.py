"""What `import crossmodal` offers: corpora, features, tables and models of a project, for notebooks and scripts."""
