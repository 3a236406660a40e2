"""From rows of detections and looks to visits, identities and voyages."""
