"""The page and its template, plots as SVG, and tables as Markdown, LaTeX and text."""
