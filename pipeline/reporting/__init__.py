"""The page of a corpus with its templates, plots as SVG, and tables as Markdown, LaTeX and text."""
