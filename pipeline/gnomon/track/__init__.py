"""Visits, voyages and identities of ships from tables of detections and observations."""
