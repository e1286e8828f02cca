"""Make the page of a corpus from templates, draw plots as SVG, and write tables as Markdown, LaTeX and text."""
