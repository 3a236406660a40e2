"""All that trains a detector and says what it is worth."""
