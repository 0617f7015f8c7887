"""Gold corpora as training data: what their labels stand for, labels that rules derive, and passages cut from them."""
