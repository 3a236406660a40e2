"""Teaching the network of `gnomon.freeboard.network` on simulated tankers."""
