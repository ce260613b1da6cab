"""A list whose reducer appends: a publication that comes twice would stand there twice."""
