"""Ships in, freeboard and load state out."""
