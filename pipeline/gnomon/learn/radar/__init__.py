"""Training and measuring the network of `gnomon.detect.radar_network`."""
