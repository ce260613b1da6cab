"""A board of cards: whoever moves one sees it move at once, everybody else a moment later."""
