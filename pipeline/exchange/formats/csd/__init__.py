"""The computational sequences (.csd) of the CMU Multimodal SDK."""
