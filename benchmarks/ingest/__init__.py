"""How right words, their times and the cuts of long recordings are, on clips whose words and times are known."""
