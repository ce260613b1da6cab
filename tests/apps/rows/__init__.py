"""Rows of a table on two live pages: one folds publications in, the other runs its loader again."""
