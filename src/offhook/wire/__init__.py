"""What bytes mean, without input or output: commands, replies, pushes, codecs, positions, recovery."""
