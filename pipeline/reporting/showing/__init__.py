"""`crossmodal show`: find one utterance or recording, and show it as text, as a page or as a picture."""
