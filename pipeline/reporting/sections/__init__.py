"""The contents of the page's sections, as data for their templates."""
