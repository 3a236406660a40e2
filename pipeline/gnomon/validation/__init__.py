"""What gnomon's numbers are worth, measured on simulated truth and on real images."""
