"""Ways to reach a language model."""
