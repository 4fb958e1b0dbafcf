"""The user's notes: readers, the question bank, and what is wrong with a file."""
