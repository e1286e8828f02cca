"""Read the pickles that papers on emotion recognition in conversations (ERC) published with their features."""
