"""What is kept: sessions, answers, grades. The only package that knows SQL."""
