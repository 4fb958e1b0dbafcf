"""Viva: mock interviews from your own notes, graded by a language model with evidence that code has checked."""

__version__ = "0.1.0"
