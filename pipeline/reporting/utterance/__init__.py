"""One utterance as the pipeline saw it: facts, previews, pictures, and the part of the page that shows them."""
