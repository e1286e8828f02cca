"""The section *Methods*: text for a paper, made from the files that the run read, with references and licences."""
