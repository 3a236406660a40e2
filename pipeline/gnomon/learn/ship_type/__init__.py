"""Training and measuring the network of `gnomon.detect.type_network` on real decks."""
