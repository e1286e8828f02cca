"""The section *Methods*: text for a paper, written from what the run really read, with its references and licences."""
