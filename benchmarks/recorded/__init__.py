"""Write, compare and draw the ratios of earlier runs."""
