"""Measuring graders: against people's grades, against answers of known coverage, and against answers that attack."""
