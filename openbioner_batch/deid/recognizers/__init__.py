"""Recognizers: each finds identifiers of one kind in a text, by their form and by the words around them."""
