"""Gold corpora as training data: the meaning of their labels, labels derived by rules, and passages cut from them."""
