"""Protected health information to train on and to measure with: the labelled corpora, and notes that are generated."""
