"""Cross-validation: what the detector is worth at ports that it was not trained on."""
