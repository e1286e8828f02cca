"""One utterance or recording, found and shown as text, as a page or as a picture: `crossmodal show`."""
