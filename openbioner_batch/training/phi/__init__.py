"""Protected health information for training and evaluation: labelled corpora and generated notes."""
