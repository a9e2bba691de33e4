"""Plain text in any script: normalised phrases, sentences, words, and the lists of words we avoid."""
