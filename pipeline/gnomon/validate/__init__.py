"""What gnomon's numbers are worth, on simulated truth and on real images."""
