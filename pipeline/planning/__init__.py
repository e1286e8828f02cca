"""What computing the features of a corpus will cost, told before it runs."""
