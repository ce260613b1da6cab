"""Views that loop for ever, allocate without end and throw, beside one that does as it should."""
