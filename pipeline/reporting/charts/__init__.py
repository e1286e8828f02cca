"""The charts of the page in Vega-Lite, each with its numbers as a table."""
