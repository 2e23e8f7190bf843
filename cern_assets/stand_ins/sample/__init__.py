"""Collections for the sample portal: the bundled one with bytes made when asked for, or a folder of real records."""
