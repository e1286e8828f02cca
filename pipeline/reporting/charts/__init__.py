"""The charts of the page as Vega-Lite, each with its numbers as a table."""
