"""A CenterNet for oriented ships: network and decoding."""
