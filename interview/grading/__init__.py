"""From an answer to a grade: graders judge, code checks the evidence and computes the score."""
