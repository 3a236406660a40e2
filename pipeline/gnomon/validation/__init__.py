"""What is promised, measured on simulated truth."""
