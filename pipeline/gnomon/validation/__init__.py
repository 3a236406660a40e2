"""What the package was checked against, and how well it did: each module writes one section."""
